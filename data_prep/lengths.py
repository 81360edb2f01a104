"""The commonest length of recordings, which is the default length of a set's clips."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common.errors import DataError
from common.progress import progress
from data_prep.containers.acceptance import Acceptance
from data_prep.containers.container import Container
from data_prep.problems import Problem
from data_prep.recording import probe, read_recording
from data_prep.workers import count_cores


def commonest_seconds(root: Path, clips: Iterable[str], accept: Acceptance | None = None) -> float | None:
    """Return the commonest length of recordings in seconds, in steps of 10 ms; None if none can be read.

    If all headers state the same length, it is returned. Otherwise the recordings are decoded, so that files with wrong
    headers are not counted.

    Parameters
    ----------
    root, clips
        Folder of the recordings, and their paths in it.
    accept
        Accepted irregularities; see `read_recording`.
    """
    accept = accept or Acceptance()
    files = [root / clip for clip in clips]
    found = [(file, container) for file in files if (container := _inspected(file, accept)) is not None]
    claims = [_seconds(container) for _, container in found]
    if len(set(claims)) > 1 or None in claims:
        claims = [_seconds(container) for _, container in found if container.proven]
        doubtful = [file for file, container in found if not container.proven]
        with ThreadPoolExecutor(count_cores()) as pool, progress("measuring", len(doubtful), "recordings") as advance:
            for seconds in pool.map(lambda file: _measure(file, accept), doubtful):
                advance()
                claims.append(seconds)
    counts = Counter(seconds for seconds in claims if seconds is not None)
    return max(counts, key=lambda seconds: (counts[seconds], seconds), default=None)


def _seconds(container: Container) -> float | None:
    return None if container.frames is None else round(container.frames / container.rate, 2)


def _inspected(file: Path, accept: Acceptance) -> Container | None:
    """Return the properties in a file's header; None if it cannot be used, which is reported when it is read."""
    try:
        container = probe(file)
        accept.check(container.irregularities)
    except DataError:
        return None
    return container if container.frames != 0 else None


def _measure(file: Path, accept: Acceptance) -> float | None:
    """Return the length of a decoded file in seconds, in steps of 10 ms; None if it cannot be used."""
    try:
        recording = read_recording(file, accept)
    except DataError:
        return None
    return round(len(recording.samples) / recording.rate, 2)


def unusable(root: Path, clips: Iterable[str], accept: Acceptance) -> list[Problem]:
    """Return a problem for each recording that cannot be read."""
    problems = []
    for clip in clips:
        try:
            read_recording(root / clip, accept)
        except DataError as error:
            problems.append(Problem(clip, None, str(error)))
    return problems
