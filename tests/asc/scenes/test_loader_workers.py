"""Loader workers that lose their memory or their life: the trainer ends, and says what to do."""

import os
import pickle
import signal
from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import get_worker_info

from asc.machine import Machine
from asc.run import Run
from asc.scenes.batches import PlannedBatches
from asc.scenes.clips import MappedClips
from asc.scenes.loader_workers import naming_lost_workers
from asc.scenes.sides import Sides
from common.errors import DataError, RunError
from data_prep.storage import PreparedSet
from tests.asc.conftest import Trained

resource = pytest.importorskip("resource", reason="limits of a process are POSIX's")


def before_loading(monkeypatch: pytest.MonkeyPatch, what: Callable[[], None]) -> None:
    """Let every loader worker (a fork of this process) do `what` before its third batch."""
    load, calls = MappedClips.load, []

    def changed(self: MappedClips, rows: np.ndarray) -> Any:
        calls.append(rows)
        if get_worker_info() is not None and len(calls) == 3:
            what()
        return load(self, rows)

    monkeypatch.setattr(MappedClips, "load", changed)


def no_room() -> None:
    """Let no file of this process, shared memory included, be larger than a kilobyte."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@pytest.mark.timeout(120)
def test_without_shared_memory_training_ends_and_says_what_to_do(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_loading(monkeypatch, no_room)
    with pytest.raises(RunError, match=r"shared memory.*too large.*--workers 0.*/dev/shm") as caught:
        trained(machine=Machine(workers=2))
    assert "\n" not in str(caught.value)


@pytest.mark.timeout(120)
def test_a_worker_that_is_killed_is_named(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    before_loading(monkeypatch, lambda: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(RunError, match=r"^a loader worker (was killed by signal|exited).*the same command continues"):
        trained(machine=Machine(workers=2))


def test_a_named_error_of_a_worker_keeps_its_words(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DataError("the shard is gone: prepare the set again")

    before_loading(monkeypatch, fail)
    with pytest.raises(RunError, match=r"^the shard is gone: prepare the set again$"):
        trained(machine=Machine(workers=1))


def test_other_errors_are_not_touched() -> None:
    for error in (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), RunError("busy"), KeyError("x")):
        with pytest.raises(type(error)) as caught, naming_lost_workers():
            raise error
        assert caught.value is error


def test_what_workers_that_are_not_forked_are_given_loads_the_same(prepared: PreparedSet, scene_run: Run) -> None:
    batches = PlannedBatches(MappedClips(prepared, "spectrogram"), Sides.of(prepared, scene_run), scene_run)
    sent: PlannedBatches = pickle.loads(ForkingPickler.dumps(batches))  # noqa: S301 - as multiprocessing sends it
    here, there = batches[1, 0], sent[1, 0]
    for one, other in zip((*here.clips, here.labels), (*there.clips, there.labels), strict=True):
        assert torch.equal(one, other)
    for draws, same in zip(here.draws, there.draws, strict=True):
        assert all(torch.equal(value, same[name]) for name, value in draws.items())
