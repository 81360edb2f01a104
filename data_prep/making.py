"""Writing a generated data set in the layout of TAU Urban Acoustic Scenes, in parallel and resumable.

`made.json` is written first and records the inputs of the set. Each recording is written atomically. `meta.csv` is
written last, so that an unfinished folder is not mistaken for a data set.
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
from data_prep.listing import COLUMNS, MADE, META
from data_prep.problems import Problem, Problems
from data_prep.workers import for_each

HIGHEST_PEAK = 0.99  # of full scale

Versions: TypeAlias = Mapping[str, NDArray[np.floating]]


@dataclass(frozen=True, kw_only=True)
class Take:
    """One recording, which is written once per device.

    Attributes
    ----------
    stem
        File name without the device, `<scene>-<city>-<location id>-<segment id>`.
    scene, identifier
        Columns of meta.csv; the identifier is `<city>-<location id>`.
    devices
        Names of the devices.
    source
        Path of the source recording inside the folder of sources; "" for a synthesised recording.
    """

    stem: str
    scene: str
    identifier: str
    devices: tuple[str, ...]
    source: str = ""

    def clip(self, device: str) -> str:
        """Return the file name for `device`, as in meta.csv."""
        return f"audio/{self.stem}-{device}.wav"


Maker: TypeAlias = Callable[[Take], tuple[Versions, int]]


@dataclass(frozen=True)
class TakeTask:
    """A take and the settings for writing it; the argument of a worker process."""

    take: Take
    maker: Maker
    target: Path
    bits: Literal[16, 24]


def missing_devices(take: Take, target: Path) -> list[str]:
    """Return the devices whose file of `take` is not yet in the folder `target`."""
    return [device for device in take.devices if not (target / take.clip(device)).exists()]


def write_take(task: TakeTask) -> Problem | None:
    """Write the missing files of a take; return a Problem if its source recording cannot be used."""
    take = task.take
    try:
        versions, rate = task.maker(take)
    except DataError as error:
        return Problem(take.source, None, str(error))
    # All devices of a recording share one gain, which keeps their relative levels.
    peak = max(float(np.abs(samples).max()) for samples in versions.values())
    gain = min(1.0, HIGHEST_PEAK / peak) if peak > 0 else 1.0
    for device in missing_devices(take, task.target):
        with atomic_path(task.target / take.clip(device)) as temporary:
            # Samples are rounded here: libsndfile scales by 2^23 - 1 when writing and by 2^23 when reading.
            steps = np.rint(gain * versions[device] * 2.0 ** (task.bits - 1)).astype(np.int32) << (32 - task.bits)
            soundfile.write(temporary, steps, rate, subtype=f"PCM_{task.bits}", format="WAV")
    return None


def code_digest(files: Iterable[Path]) -> str:
    """Return the SHA-256 of source files. It is part of a generated set's identity."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(files))).hexdigest()


def _claim(target: Path, origin: object) -> None:
    """Write `made.json` into `target`, or check that it already describes the set made from `origin`."""
    made = target / MADE
    # The folder is listed first, because another process may write made.json at any moment.
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
    """Write the recordings of `takes` and meta.csv into `target`; files that exist are kept.

    Parameters
    ----------
    target
        Folder of the set; new, empty, or left unfinished by the same call.
    takes
        Recordings, in the order of meta.csv.
    maker
        Function from a take to its samples, shape (frames,), by device, and their sample rate. It must be a top-level
        function, or a partial of one.
    origin
        JSON-serialisable inputs of the set.
    bits
        Bits per sample. If one device would exceed full scale, all devices of the recording are attenuated equally.
    workers
        Number of processes; it does not affect the files.
    title
        Title of the progress display.

    Raises
    ------
    DataError
        If the folder holds a different set.
    Problems
        If source recordings cannot be used; all of them are named, and meta.csv is not written.
    """
    _claim(target, origin)
    for folder in (target, target / "audio"):
        remove_stale_temporaries(folder)
    unfinished = [TakeTask(take, maker, target, bits) for take in takes if missing_devices(take, target)]
    problems: list[Problem] = []
    with progress(title, len(takes), "recordings") as advance:
        advance(len(takes) - len(unfinished), counts=False)

        def done(_: TakeTask, problem: Problem | None) -> None:
            advance()
            problems.extend([problem] if problem else [])

        for_each(write_take, unfinished, workers, done)
    if problems:
        raise Problems(problems)
    rows = [
        COLUMNS,
        *((take.clip(device), take.scene, take.identifier, device) for take in takes for device in take.devices),
    ]
    if not (target / META).exists():
        write_text(target / META, "".join("\t".join(row) + "\n" for row in rows))
