"""The unit of work: some consecutive clips become one pair of array files and a note of what was seen, atomically."""

import dataclasses
import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from common.errors import AscError, DataError
from common.files import write_text
from common.identity import canonical_json
from data_prep.arrays import open_array, write_array
from data_prep.containers.acceptance import Acceptance
from data_prep.features import FeatureSettings, PerceptualMel
from data_prep.manifest import MANIFEST, PARTS, SetSettings, features_file, waveforms_file
from data_prep.measuring import Measurement, measure
from data_prep.mixing import mix_down
from data_prep.problems import Problem
from data_prep.recording import fit_length, read_recording
from data_prep.waveform import waveform_of

_LOUDEST = 32_767  # of int16


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a worker is told.

    Parameters
    ----------
    root, folder
        Of the recordings; of the set.
    number
        The shard's.
    clips, sizes
        The shard's clips as meta.csv names them, and the bytes that each file had when the set was planned.
    mode
        What to do where clips cannot be used: `stop` writes nothing, `skip` writes the others; `look` writes nothing
        whatever is found.
    accept
        Which oddities of recordings are accepted.
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
    """What is known of a clip once it was read; all but `oddities` are columns of a prepared set's clips table."""

    clip: str
    sha256: str
    fitted: str
    silent: bool
    scale: float
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Part:
    """Contents of a part file, which describes a finished shard.

    Attributes
    ----------
    features, waveforms
        SHA-256 of the array files; `waveforms` is "" if none are kept.
    records, measurements
        Records and measurements of the clips in the shard.
    problems
        Problems of the clips that could not be used.
    """

    features: str
    waveforms: str
    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    measurements: tuple[Measurement, ...]


@functools.lru_cache(maxsize=1)
def _front_end(settings: FeatureSettings) -> PerceptualMel:
    return PerceptualMel(settings)


def quantise(waveform: NDArray[np.float32]) -> tuple[NDArray[np.int16], float]:
    """Return int16 samples and the scale that makes them the waveform again, the loudest sample using all 16 bits."""
    scale = np.float32(np.abs(waveform).max() / _LOUDEST)
    if scale == 0:
        return np.zeros(len(waveform), np.int16), 0.0
    return np.clip(np.rint(waveform / scale), -_LOUDEST, _LOUDEST).astype(np.int16), float(scale)


def spectrogram_of(waveform: NDArray[np.float32], settings: SetSettings) -> NDArray[np.float32]:
    """Return a waveform's spectrogram, float32 (mels, frames)."""
    spectrogram: NDArray[np.float32] = _front_end(settings.features)(torch.from_numpy(waveform)[None])[0].numpy()
    return spectrogram


def read_clip(
    task: Task, index: int, features: NDArray[np.float16], waveforms: NDArray[np.int16], row: int
) -> tuple[Record, Measurement | None]:
    """Read the task's clip `index` and fill row `row` of its shard's arrays, unless it is only to be looked at.

    Raises
    ------
    DataError
        If the recording cannot be used, saying why.
    """
    clip, settings = task.clips[index], task.settings
    recording = read_recording(task.root / clip, task.accept)
    if recording.bytes != task.sizes[index]:
        raise DataError(f"had {task.sizes[index]} bytes when the set was planned and has {recording.bytes} now")
    mono = mix_down(recording.channels, settings.channel)
    samples, fitted = fit_length(mono, recording.rate, settings.seconds, settings.fit)
    silent = not recording.channels[: len(samples)].any()  # and not: its channels cancel each other
    scale, measured = 0.0, None
    if task.mode != "look":
        waveform = waveform_of(samples, recording.rate, settings)
        with np.errstate(over="ignore"):
            features[row] = spectrogram_of(waveform, settings)
        if not np.isfinite(features[row]).all():
            raise DataError("has a spectrogram that is not finite")
        if settings.waveforms:
            waveforms[row], scale = quantise(waveform)
        measured = measure(recording, mono, waveform, settings.features)
    record = Record(
        clip=clip,
        sha256=recording.sha256,
        fitted=fitted,
        silent=silent,
        scale=scale,
        oddities=recording.oddities,
    )
    return record, measured


def empty_arrays(settings: SetSettings, rows: int) -> tuple[NDArray[np.float16], NDArray[np.int16]]:
    """Return room for the spectrograms of `rows` clips, and for their waveforms if these are kept."""
    waveforms = np.empty((rows if settings.waveforms else 0, settings.samples), np.int16)
    return np.empty((rows, *settings.shape), np.float16), waveforms


def make_shard(task: Task) -> list[Problem]:
    """Read the task's clips and publish their shard; return what is wrong with those that cannot be used.

    A shard that is finished already (by an earlier run, or by another process meanwhile) is left as it is.

    Raises
    ------
    AscError
        If the shard cannot be written.
    """
    previous = read_part(task)
    if _is_enough(previous, task):
        return []
    features, waveforms = empty_arrays(task.settings, len(task.clips))
    records: list[Record] = []
    measurements: list[Measurement] = []
    problems: list[Problem] = []
    for index, clip in enumerate(task.clips):
        try:
            record, measured = read_clip(task, index, features, waveforms, len(records))
        except DataError as error:
            problems.append(Problem(clip, None, str(error)))
        else:
            records.append(record)
            measurements += [measured] if measured else []
    if task.mode == "skip" or (task.mode == "stop" and not problems):
        _publish(task, previous, features[: len(records)], waveforms[: len(records)], records, measurements, problems)
    return problems


def _publish(
    task: Task,
    previous: Part | None,
    features: NDArray[np.float16],
    waveforms: NDArray[np.int16],
    records: list[Record],
    measurements: list[Measurement],
    problems: list[Problem],
) -> None:
    if previous is not None and previous.records == tuple(records):
        part = dataclasses.replace(previous, problems=tuple(problems))
        if part != previous:
            write_text(task.note, canonical_json(part))
        return
    if previous is not None:  # clips that were skipped are there now: what the manifest declares is about to change
        (task.folder / MANIFEST).unlink(missing_ok=True)
    part = Part(
        features=write_array(features_file(task.folder, task.number), features),
        waveforms=write_array(waveforms_file(task.folder, task.number), waveforms) if task.settings.waveforms else "",
        records=tuple(records),
        problems=tuple(problems),
        measurements=tuple(measurements),
    )
    write_text(task.note, canonical_json(part))


def read_part(task: Task) -> Part | None:
    """Return what was noted of the task's shard if it and its arrays are there and belong together, else None."""
    try:
        value = json.loads(task.note.read_bytes())
        part = Part(
            features=value["features"],
            waveforms=value["waveforms"],
            records=tuple(Record(**{**record, "oddities": tuple(record["oddities"])}) for record in value["records"]),
            problems=tuple(Problem(**problem) for problem in value["problems"]),
            measurements=tuple(Measurement.from_json(each) for each in value["measurements"]),
        )
        unusable = {problem.file for problem in part.problems}
        if [record.clip for record in part.records] != [clip for clip in task.clips if clip not in unusable]:
            return None
        if len(part.measurements) != len(part.records):
            return None
        open_array(features_file(task.folder, task.number), np.float16, (len(part.records), *task.settings.shape))
        if task.settings.waveforms:
            shape = len(part.records), task.settings.samples
            open_array(waveforms_file(task.folder, task.number), np.int16, shape)
    except (OSError, ValueError, KeyError, TypeError, AscError):
        return None
    return part


def _is_enough(part: Part | None, task: Task) -> bool:
    """Return whether a shard needs no other look: no clip of it was skipped, and none is odd in a refused way."""
    if part is None or part.problems:
        return False
    try:
        task.accept.check(oddity for record in part.records for oddity in record.oddities)
    except DataError:
        return False
    return True


def is_finished(task: Task) -> bool:
    """Return whether the shard is there and nothing of it is to be looked at again."""
    return _is_enough(read_part(task), task)
