"""Irregularities of the source recordings of a simulated set, found before the set is made."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common.errors import DataError
from common.progress import progress
from data_prep.containers.acceptance import Acceptance
from data_prep.recording import probe, read_recording
from data_prep.workers import count_cores


def group_by_irregularity(found: Iterable[tuple[str, Iterable[str]]]) -> dict[str, list[str]]:
    """Group files by irregularity, given the irregularities of each file; the result is sorted by irregularity."""
    files: dict[str, list[str]] = {}
    for file, irregularities in found:
        for irregularity in irregularities:
            files.setdefault(irregularity, []).append(file)
    return dict(sorted(files.items()))


def find_irregularities(root: Path, names: Iterable[str], accept: Acceptance) -> dict[str, list[str]]:
    """Return the files among `names` in `root` by irregularity.

    Files that cannot be read are ignored here and reported when they are used.
    """

    def irregularities(name: str) -> tuple[str, ...]:
        try:
            container = probe(root / name)
            # Only for unproven files can decoding reveal further irregularities.
            return container.irregularities if container.proven else read_recording(root / name, accept).irregularities
        except DataError:
            return ()

    files = list(dict.fromkeys(names))
    found = []
    with ThreadPoolExecutor(count_cores()) as pool, progress("looking", len(files), "recordings") as advance:
        for name, kinds in zip(files, pool.map(irregularities, files), strict=True):
            advance()
            found.append((name, kinds))
    return group_by_irregularity(found)
