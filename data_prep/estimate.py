"""Estimates of preparation time: a sample of recordings and clips is processed in worker processes and timed."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import soundfile

from common.errors import DataError
from data_prep.containers.acceptance import Acceptance
from data_prep.demo_set import record_demo
from data_prep.making import Maker, Take, TakeTask, missing_devices, write_take
from data_prep.manifest import SetSettings
from data_prep.shard_files import ShardTask
from data_prep.shards import empty_arrays, read_clip
from data_prep.simulated_set import name_devices, play_to_devices
from data_prep.workers import for_each

T = TypeVar("T")

_MOST_WORKERS = 16  # worker processes used for timing
_TAKES, _CLIPS = 3, 10  # timed recordings and clips per worker
_RATE = 44_100


@dataclass(frozen=True)
class Pace:
    """Start-up time of the workers, and mean time between two results of all workers together, in seconds."""

    start: float
    each: float

    def seconds(self, count: int) -> float:
        """Return the estimated seconds for `count` tasks."""
        return self.start + count * self.each if count else 0.0


def spread(items: Sequence[T], count: int) -> list[T]:
    """Return at most `count` of the items, evenly spaced."""
    count = min(count, len(items))
    return [items[(2 * number + 1) * len(items) // (2 * count)] for number in range(count)]


def measure(function: Callable[[T], object], sample: Sequence[T], workers: int) -> Pace:
    """Time `function` on a sample of tasks in `workers` processes (at most 16).

    The first result of each worker determines the start-up time, the later results the pace.
    """
    running = min(workers, _MOST_WORKERS, len(sample))
    ends: list[float] = []
    begin = time.perf_counter()
    for_each(function, sample, running, lambda *_: ends.append(time.perf_counter() - begin))
    later = len(sample) - running
    each = (ends[-1] - ends[running - 1]) / later if later else ends[-1] / len(sample)
    return Pace(start=max(0.0, ends[running - 1] - running * each), each=each * running / workers)


def making_pace(takes: Sequence[Take], recordings: Path | None, responses: Path | None, workers: int) -> Pace:
    """Measure how fast recordings are generated, by writing some of `takes` into a temporary folder.

    Parameters
    ----------
    takes
        Recordings to generate.
    recordings, responses
        Source folders of a simulated set; None for the demo set.
    workers
        Number of worker processes.
    """
    maker: Maker = record_demo
    bits: Literal[16, 24] = 16
    if recordings and responses:
        maker, bits = partial(play_to_devices, recordings=recordings, responses=name_devices(responses)), 24
    with tempfile.TemporaryDirectory() as name:
        target = Path(name)
        (target / "audio").mkdir()
        sample = spread(takes, _TAKES * min(workers, _MOST_WORKERS))
        return measure(write_take, [TakeTask(take, maker, target, bits) for take in sample], workers)


def unmade(takes: Sequence[Take], target: Path) -> list[Take]:
    """Return the takes of which `target` lacks files."""
    return [take for take in takes if missing_devices(take, target)]


def _read(task: ShardTask) -> None:
    """Read and transform the first clip of a task, ignoring clips that cannot be used."""
    try:
        read_clip(task, 0, *empty_arrays(task.settings, 1), 0)
    except DataError:
        return


def reading_pace(
    root: Path, clips: Sequence[str], settings: SetSettings, accept: Acceptance, workers: int
) -> tuple[Pace, str]:
    """Measure how fast clips are read and transformed.

    Parameters
    ----------
    root, clips
        Folder of the recordings, which may not exist yet, and their names.
    settings
        Settings of the prepared set.
    accept
        Accepted irregularities of recordings.
    workers
        Number of worker processes.

    Returns
    -------
    pace, what
        The pace, and a description of the clips that were read.
    """
    with _files(root, clips, settings, _CLIPS * min(workers, _MOST_WORKERS)) as (files, what):
        task = ShardTask(
            root=Path(), folder=Path(), number=0, settings=settings, clips=(), sizes=(), mode="stop", accept=accept
        )
        sample = [replace(task, root=f.parent, clips=(f.name,), sizes=(f.stat().st_size,)) for f in files]
        return measure(_read, sample, workers), what


@contextmanager
def _files(root: Path, clips: Sequence[str], settings: SetSettings, count: int) -> Iterator[tuple[list[Path], str]]:
    """Yield up to `count` recordings and their description, or a noise file if there are no recordings yet."""
    found = [root / clip for clip in spread(clips, count) if (root / clip).is_file()]
    if found:
        yield found, f"{len(found)} of the recordings"
        return
    with tempfile.TemporaryDirectory() as name:
        noise = np.random.default_rng(0).normal(0, 0.1, round(settings.seconds * _RATE)).clip(-1, 1)
        file = Path(name, "noise.wav")
        soundfile.write(file, noise, _RATE, subtype="PCM_24")
        yield [file] * count, "noise at 44.1 kHz, 24 bit"
