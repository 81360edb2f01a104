"""The facts about the devices of a set that was prepared before recordings were measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import DataError
from common.files import write_json
from common.progress import progress
from data_prep.containers.acceptance import Acceptance
from data_prep.device_facts import DEVICES, SetFacts, aggregate, as_plain
from data_prep.manifest import SetSettings
from data_prep.measuring import Measurement, measure
from data_prep.mixing import mix_down
from data_prep.recording import fit_length, read_recording
from data_prep.storage import PreparedSet
from data_prep.waveform import waveform_of
from data_prep.workers import for_each

_ACCEPTED = Acceptance(lossy=True)  # what is in the set was accepted when it was prepared
_CLIPS = 40  # measured by a worker at a time


@dataclass(frozen=True)
class _Task:
    """Some clips of a set, from row `first` on, with the SHA-256 that their files had."""

    first: int
    root: Path
    clips: tuple[str, ...]
    sha256: tuple[str, ...]
    settings: SetSettings


def _measure(task: _Task) -> list[Measurement]:
    settings, measurements = task.settings, []
    for clip, sha256 in zip(task.clips, task.sha256, strict=True):
        try:
            recording = read_recording(task.root / clip, _ACCEPTED)
            if recording.sha256 != sha256:
                raise DataError("is no longer the recording that was prepared")
        except DataError as error:
            raise DataError(f"{clip}: {error}; delete the set and prepare it again") from error
        mono = mix_down(recording.channels, settings.channel)
        samples, _ = fit_length(mono, recording.rate, settings.seconds, settings.fit)
        waveform = waveform_of(samples, recording.rate, settings)
        measurements.append(measure(recording, mono, waveform, settings.features))
    return measurements


def _tasks(prepared: PreparedSet, root: Path) -> Sequence[_Task]:
    clips, sums = prepared.clips["clip"].tolist(), prepared.clips["sha256"].tolist()
    return [
        _Task(first, root, tuple(clips[first : first + _CLIPS]), tuple(sums[first : first + _CLIPS]), prepared.settings)
        for first in range(0, len(clips), _CLIPS)
    ]


def measure_again(prepared: PreparedSet, root: Path, workers: int) -> SetFacts:
    """Read the recordings of a finished set again, measure them, and keep the facts in the set's folder.

    Raises
    ------
    DataError
        If a recording is no longer what it was.
    AscError
        If the folder cannot be written.
    """
    tasks = _tasks(prepared, root)
    found: dict[int, list[Measurement]] = {}
    with progress("measuring", len(prepared), "clips") as advance:

        def done(task: _Task, measurements: list[Measurement]) -> None:
            found[task.first] = measurements
            advance(len(measurements))

        for_each(_measure, tasks, workers, done)
    measurements = [measurement for first in sorted(found) for measurement in found[first]]
    facts = aggregate(prepared.clips, measurements, prepared.features, prepared.manifest.clips)
    write_json(prepared.folder / DEVICES, as_plain(facts))
    return facts
