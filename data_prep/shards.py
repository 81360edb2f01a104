"""Computation of a shard: consecutive clips, stored in a pair of array files and a part file."""

import functools
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from common.errors import DataError
from common.files import write_text
from common.identity import canonical_json
from data_prep.arrays import write_array
from data_prep.features import FeatureSettings, PerceptualMel
from data_prep.manifest import MANIFEST, SetSettings, features_file, waveforms_file
from data_prep.measuring import measure
from data_prep.mixing import mix_down
from data_prep.problems import Problem
from data_prep.recording import fit_length, read_recording
from data_prep.shard_files import Record, ShardNote, ShardTask, is_enough, read_part
from data_prep.waveform import waveform_of

_LOUDEST = 32_767  # of int16


@functools.lru_cache(maxsize=1)
def _front_end(settings: FeatureSettings) -> PerceptualMel:
    return PerceptualMel(settings)


def quantise(waveform: NDArray[np.float32]) -> tuple[NDArray[np.int16], float]:
    """Quantise a waveform to 16 bits with its own scale; `samples * scale` restores the waveform.

    Parameters
    ----------
    waveform
        Float32 of shape (samples,).

    Returns
    -------
    samples, scale
        Int16 of shape (samples,), of which the largest is +-32,767; the scale, 0 for silence.
    """
    scale = np.float32(np.abs(waveform).max() / _LOUDEST)
    if scale == 0:
        return np.zeros(len(waveform), np.int16), 0.0
    return np.clip(np.rint(waveform / scale), -_LOUDEST, _LOUDEST).astype(np.int16), float(scale)


def spectrogram_of(waveform: NDArray[np.float32], settings: SetSettings) -> NDArray[np.float32]:
    """Return the spectrogram of a waveform, float32 (mels, frames)."""
    spectrogram: NDArray[np.float32] = _front_end(settings.features)(torch.from_numpy(waveform)[None])[0].numpy()
    return spectrogram


def read_clip(
    task: ShardTask, index: int, features: NDArray[np.float16], waveforms: NDArray[np.int16], row: int
) -> Record | None:
    """Read clip `index` of a task and write it into row `row` of the arrays; return None if it is only checked.

    Raises
    ------
    DataError
        If the recording cannot be used; the message gives the reason.
    """
    clip, settings = task.clips[index], task.settings
    recording = read_recording(task.root / clip, task.accept)
    if recording.bytes != task.sizes[index]:
        raise DataError(f"had {task.sizes[index]} bytes when the set was planned and has {recording.bytes} now")
    mono = mix_down(recording.channels, settings.channel)
    samples, fitted = fit_length(mono, recording.rate, settings.seconds, settings.fit)
    if task.mode == "look":
        return None
    waveform = waveform_of(samples, recording.rate, settings)
    with np.errstate(over="ignore"):
        features[row] = spectrogram_of(waveform, settings)
    if not np.isfinite(features[row]).all():
        raise DataError("has a spectrogram that is not finite")
    scale = 0.0
    if settings.waveforms:
        waveforms[row], scale = quantise(waveform)
    return Record(
        clip=clip,
        sha256=recording.sha256,
        fitted=fitted,
        silent=not recording.channels[: len(samples)].any(),  # channels that cancel each other are not silent
        scale=scale,
        irregularities=recording.irregularities,
        measurement=measure(recording, mono, waveform, settings.features),
    )


def empty_arrays(settings: SetSettings, rows: int) -> tuple[NDArray[np.float16], NDArray[np.int16]]:
    """Return uninitialised arrays for the spectrograms of `rows` clips and for their waveforms, if these are kept."""
    waveforms = np.empty((rows if settings.waveforms else 0, settings.samples), np.int16)
    return np.empty((rows, *settings.shape), np.float16), waveforms


def make_shard(task: ShardTask) -> list[Problem]:
    """Compute and write a shard; return the problems of clips that cannot be used.

    A shard that was finished before, or by another process in the meantime, is left unchanged.

    Raises
    ------
    AscError
        If the shard cannot be written.
    """
    previous = read_part(task)
    if is_enough(previous, task):
        return []
    features, waveforms = empty_arrays(task.settings, len(task.clips))
    records: list[Record] = []
    problems: list[Problem] = []
    for index, clip in enumerate(task.clips):
        try:
            record = read_clip(task, index, features, waveforms, len(records))
        except DataError as error:
            problems.append(Problem(clip, None, str(error)))
        else:
            records += [record] if record else []
    if task.mode == "skip" or (task.mode == "stop" and not problems):
        note = ShardNote(features="", waveforms="", records=tuple(records), problems=tuple(problems))
        _publish(task, previous, note, features, waveforms)
    return problems


def _publish(
    task: ShardTask,
    previous: ShardNote | None,
    note: ShardNote,
    features: NDArray[np.float16],
    waveforms: NDArray[np.int16],
) -> None:
    """Write the arrays and the part file, or only the part file if the clips are those of `previous`."""
    rows = len(note.records)
    if previous is not None and previous.records == note.records:
        note = replace(note, features=previous.features, waveforms=previous.waveforms)
    else:
        if previous is not None:  # skipped clips can be used now, so the manifest becomes invalid
            (task.folder / MANIFEST).unlink(missing_ok=True)
        note = replace(note, features=write_array(features_file(task.folder, task.number), features[:rows]))
        if task.settings.waveforms:
            written = write_array(waveforms_file(task.folder, task.number), waveforms[:rows])
            note = replace(note, waveforms=written)
    if note != previous:
        write_text(task.note, canonical_json(note))
