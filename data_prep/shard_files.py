"""Files of a shard: the part file that describes it, and whether the shard is finished."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from common.errors import AscError, DataError
from data_prep.arrays import open_array
from data_prep.containers.acceptance import Acceptance
from data_prep.manifest import PARTS, SetSettings, features_file, waveforms_file
from data_prep.measuring import Measurement
from data_prep.problems import Problem


@dataclass(frozen=True, kw_only=True)
class ShardTask:
    """Argument of a worker process: the shard to compute.

    Parameters
    ----------
    root, folder
        Folders of the recordings and of the prepared set.
    number
        Number of the shard.
    settings
        Settings of the set.
    clips, sizes
        Names of the shard's clips, and sizes of their files in bytes when the set was planned.
    mode
        If clips cannot be used, `stop` writes nothing and `skip` writes the other clips; `look` only checks the
        recordings and never writes.
    accept
        Accepted irregularities of recordings.
    """

    root: Path
    folder: Path
    number: int
    settings: SetSettings
    clips: tuple[str, ...]
    sizes: tuple[int, ...]
    mode: Literal["stop", "skip", "look"]
    accept: Acceptance

    @property
    def note(self) -> Path:
        """Return the path of the shard's part file."""
        return self.folder / PARTS / f"{self.number:05d}.json"


@dataclass(frozen=True, kw_only=True)
class Record:
    """Properties of a clip that was read; the first five are columns of the clips table of a prepared set."""

    clip: str
    sha256: str
    fitted: str
    silent: bool
    scale: float
    irregularities: tuple[str, ...]
    measurement: Measurement = field(compare=False)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Record":
        """Rebuild a record from its JSON form."""
        irregularities, measurement = tuple(value["irregularities"]), Measurement.from_json(value["measurement"])
        return cls(**{**value, "irregularities": irregularities, "measurement": measurement})


@dataclass(frozen=True, kw_only=True)
class ShardNote:
    """Contents of a part file, which describes a finished shard.

    Attributes
    ----------
    features, waveforms
        SHA-256 of the array files; `waveforms` is "" if none are kept.
    records
        Records of the clips in the shard.
    problems
        Problems of the clips that could not be used.
    """

    features: str
    waveforms: str
    records: tuple[Record, ...]
    problems: tuple[Problem, ...]


def read_part(task: ShardTask) -> ShardNote | None:
    """Read the part file of a shard; return None if it or its arrays are missing or do not match."""
    try:
        value = json.loads(task.note.read_bytes())
        part = ShardNote(
            features=value["features"],
            waveforms=value["waveforms"],
            records=tuple(map(Record.from_json, value["records"])),
            problems=tuple(Problem(**problem) for problem in value["problems"]),
        )
        unusable = {problem.file for problem in part.problems}
        if [record.clip for record in part.records] != [clip for clip in task.clips if clip not in unusable]:
            return None

        open_array(features_file(task.folder, task.number), np.float16, (len(part.records), *task.settings.shape))
        if task.settings.waveforms:
            shape = len(part.records), task.settings.samples
            open_array(waveforms_file(task.folder, task.number), np.int16, shape)
    except (OSError, ValueError, KeyError, TypeError, AscError):
        return None
    return part


def is_enough(part: ShardNote | None, task: ShardTask) -> bool:
    """Return whether a shard is finished: no clip was skipped, and none has an irregularity that is not accepted."""
    if part is None or part.problems:
        return False
    try:
        task.accept.check(irregularity for record in part.records for irregularity in record.irregularities)
    except DataError:
        return False
    return True


def is_finished(task: ShardTask) -> bool:
    """Return whether the shard is finished and none of its clips has to be read again."""
    return is_enough(read_part(task), task)
