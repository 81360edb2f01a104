"""Making a data set in the layout of TAU Urban Acoustic Scenes: parallel, killed and continued, whole or not there.

`made.json` is written first and says what the set is made from; each recording is one atomic file; `meta.csv`, without
which nobody takes the folder for a data set, comes last.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray

from common.errors import DataError
from common.files import as_json, atomic_path, remove_stale_temporaries, write_text
from common.progress import progress
from data_prep.metadata import COLUMNS, MADE, META, Problem, Problems
from data_prep.workers import for_each

HIGHEST_PEAK = 0.99  # of full scale

Versions: TypeAlias = Mapping[str, NDArray[np.floating]]


@dataclass(frozen=True, kw_only=True)
class Take:
    """One recording, to be written once for every device.

    Attributes
    ----------
    stem
        Name of its files up to the device, `<scene>-<city>-<location id>-<segment id>`.
    scene, identifier
        As in meta.csv; the identifier of a location is `<city>-<location id>`.
    devices
        Names of the devices.
    source
        The recording it is made from, where there is one: path inside their folder.
    """

    stem: str
    scene: str
    identifier: str
    devices: tuple[str, ...]
    source: str = ""

    def clip(self, device: str) -> str:
        """Name of the file as in meta.csv."""
        return f"audio/{self.stem}-{device}.wav"


Maker: TypeAlias = Callable[[Take], tuple[Versions, int]]


@dataclass(frozen=True)
class _Task:
    """A take and what a worker needs to write it."""

    take: Take
    maker: Maker
    target: Path
    bits: Literal[16, 24]


def _missing(take: Take, target: Path) -> list[str]:
    return [device for device in take.devices if not (target / take.clip(device)).exists()]


def _write_take(task: _Task) -> Problem | None:
    """Write those of a take's files that are missing; return what is wrong with its source, if anything."""
    take = task.take
    try:
        versions, rate = task.maker(take)
    except DataError as error:
        return Problem(take.source, None, str(error))
    # One gain for all devices of a recording: who is louder than whom stays as it is.
    peak = max(float(np.abs(samples).max()) for samples in versions.values())
    gain = min(1.0, HIGHEST_PEAK / peak) if peak > 0 else 1.0
    for device in _missing(take, task.target):
        with atomic_path(task.target / take.clip(device)) as temporary:
            # Whole numbers by our own hand: the library's conversion is off by one part in 2^23 from its reading.
            steps = np.rint(gain * versions[device] * 2.0 ** (task.bits - 1)).astype(np.int32) << (32 - task.bits)
            soundfile.write(temporary, steps, rate, subtype=f"PCM_{task.bits}", format="WAV")
    return None


def code_digest(files: Iterable[Path]) -> str:
    """Return the SHA-256 of source files: a set made by other code is another set."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(files))).hexdigest()


def _claim(target: Path, origin: object) -> None:
    """Make `target` the folder of the set made from `origin`, or check that it already is."""
    made = target / MADE
    # Listed before looking for the mark, which another process may set at any moment, before all else.
    foreign = target.exists() and any(not path.name.startswith(".") for path in target.iterdir())
    if made.exists():
        if made.read_text(encoding="utf-8") != as_json(origin):
            raise DataError(
                f"{target} was made from other inputs or by another version; name another folder, or delete it"
            )
    elif foreign:
        raise DataError(f"{target} is not empty, and was not made here (no {MADE}); name another folder")
    else:
        write_text(made, as_json(origin))


def make_set(
    target: Path,
    takes: Sequence[Take],
    maker: Maker,
    *,
    origin: object,
    bits: Literal[16, 24],
    workers: int,
    title: str,
) -> None:
    """Write the recordings of `takes` and their list into `target`, or whatever of that is still missing.

    Parameters
    ----------
    target
        Folder of the set; new, empty or begun by the same call before.
    takes
        Recordings; their order is that of the list.
    maker
        Gives a take's samples, shape (frames,), by device, and their rate. A top-level function, or a partial of one.
    origin
        What the set depends on, for JSON.
    bits
        Per sample. Where a device would exceed full scale, all devices of that recording are lowered alike.
    workers
        Processes; the files do not depend on it.
    title
        For the progress display.

    Raises
    ------
    DataError
        If the folder holds another set.
    Problems
        If sources cannot be used: all are named, and the list is not written.
    """
    _claim(target, origin)
    for folder in (target, target / "audio"):
        remove_stale_temporaries(folder)
    unfinished = [_Task(take, maker, target, bits) for take in takes if _missing(take, target)]
    problems: list[Problem] = []
    with progress(title, len(takes), "recordings") as advance:
        advance(len(takes) - len(unfinished), counts=False)

        def done(_: _Task, problem: Problem | None) -> None:
            advance()
            problems.extend([problem] if problem else [])

        for_each(_write_take, unfinished, workers, done)
    if problems:
        raise Problems(problems)
    rows = [
        COLUMNS,
        *((take.clip(device), take.scene, take.identifier, device) for take in takes for device in take.devices),
    ]
    if not (target / META).exists():
        write_text(target / META, "".join("\t".join(row) + "\n" for row in rows))
