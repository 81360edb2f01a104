"""Loss of level by mixing down the source recordings of a simulated set, whose own recordings are mono."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from common.errors import DataError
from data_prep.containers.acceptance import Acceptance
from data_prep.device_facts import LOST_IN_MIXING, FaultyClip
from data_prep.mixing import mix_down, mixing_gain
from data_prep.recording import probe, read_recording
from data_prep.workers import for_each


@dataclass(frozen=True)
class _Task:
    """A recording and the options for reading it; the argument of a worker process."""

    source: str
    folder: Path
    channel: str
    accept: Acceptance | None


def _look(task: _Task) -> FaultyClip | None:
    """Measure a recording with several channels; recordings that cannot be read are reported when they are used."""
    path = task.folder / task.source
    try:
        if probe(path).channels == 1:
            return None
        channels = read_recording(path, task.accept).channels
        gain = round(mixing_gain(channels, mix_down(channels, task.channel)), 1)
    except DataError:
        return None
    return FaultyClip(clip=task.source, fault="mixing", value=gain) if gain < LOST_IN_MIXING else None


def lost_in_mixing(
    recordings: Path, sources: Iterable[str], channel: str, accept: Acceptance | None, workers: int
) -> list[FaultyClip]:
    """Return the recordings whose mono signal is more than 10 dB below their loudest channel, sorted by name.

    Parameters
    ----------
    recordings
        Folder of the recordings.
    sources
        Paths of the recordings in it.
    channel
        Channel used; see `mix_down`.
    accept
        Accepted irregularities; see `read_recording`.
    workers
        Number of processes.
    """
    found: dict[str, FaultyClip] = {}

    def done(task: _Task, faulty: FaultyClip | None) -> None:
        found.update({task.source: faulty} if faulty else {})

    for_each(_look, [_Task(source, recordings, channel, accept) for source in sources], workers, done)
    return [found[source] for source in sorted(found)]
