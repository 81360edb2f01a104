"""The pool: results, errors and signals, and nothing left behind."""

import errno
import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from types import FrameType
from typing import Any

import pytest
import torch

from common.errors import AscError
from data_prep.workers import count_cores, for_each, one_thread


class Interrupted(BaseException):
    pass


def interrupt(_: int, __: FrameType | None) -> None:
    raise Interrupted


@pytest.mark.parametrize("workers", [1, 3])
def test_each_task_is_done_once(workers: int) -> None:
    results: dict[str, int] = {}
    for_each(len, ["a" * length for length in range(20)], workers, results.__setitem__)
    assert results == {"a" * length: length for length in range(20)}


def test_nothing_to_do() -> None:
    for_each(len, [], 4, lambda *_: pytest.fail("called"))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_stops_the_rest(workers: int) -> None:
    done: list[str] = []
    with pytest.raises(ValueError, match="invalid literal"):
        for_each(int, ["x", *map(str, range(500))], workers, lambda task, _: done.append(task))
    assert len(done) < 500
    assert not multiprocessing.active_children()


def test_a_signal_while_workers_start_waits_until_they_have(monkeypatch: pytest.MonkeyPatch) -> None:
    submit = ProcessPoolExecutor.submit
    submitted = []

    def interrupted(pool: ProcessPoolExecutor, *args: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        submitted.append(args)
        return submit(pool, *args)

    monkeypatch.setattr(ProcessPoolExecutor, "submit", interrupted)
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(Interrupted):
            for_each(len, ["a", "b", "c"], 2, lambda *_: None)
        assert signal.getsignal(signal.SIGINT) is interrupt
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(submitted) == 3
    assert not multiprocessing.active_children()


def test_without_the_means_for_processes_it_says_what_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", refuse)
    with pytest.raises(AscError, match=r"cannot be started.*No space left.*--workers 1"):
        for_each(len, ["a", "b"], 2, lambda *_: None)


def test_what_windows_and_macos_lack_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    monkeypatch.setattr("data_prep.workers._MASKS", False)
    monkeypatch.delattr(signal, "pthread_sigmask")
    monkeypatch.delattr(os, "sched_getaffinity")
    assert count_cores() == os.cpu_count()
    results: dict[str, int] = {}
    for_each(len, ["a", "bb"], 2, results.__setitem__)
    assert results == {"a": 1, "bb": 2}


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
    assert 1 <= count_cores() <= (os.cpu_count() or 1)
