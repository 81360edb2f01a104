"""What preparing would cost, told beforehand."""

import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from data_prep.containers.acceptance import Acceptance
from data_prep.manifest import SetSettings
from data_prep.shards import Task, empty_arrays, read_clip
from data_prep.workers import one_thread

_ROUNDS = 8
_RATE = 44_100


def seconds_per_clip(settings: SetSettings) -> float:
    """Measure how long this machine takes for a clip: noise of the set's length, 44.1 kHz, 24 bit, the best of 8."""
    noise = np.random.default_rng(0).normal(0, 0.1, round(settings.seconds * _RATE)).clip(-1, 1)
    arrays = empty_arrays(settings, 1)
    elapsed = []
    with one_thread(), tempfile.TemporaryDirectory() as name:
        file = Path(name, "noise.wav")
        soundfile.write(file, noise, _RATE, subtype="PCM_24")
        task = Task(
            root=file.parent,
            folder=file.parent,
            number=0,
            settings=settings,
            clips=(file.name,),
            sizes=(file.stat().st_size,),
            mode="stop",
            accept=Acceptance(),
        )
        for _ in range(_ROUNDS):
            start = time.perf_counter()
            read_clip(task, 0, *arrays, 0)
            elapsed.append(time.perf_counter() - start)
    return min(elapsed)
