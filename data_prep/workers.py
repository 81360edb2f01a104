"""A pool of processes that ends with its owner, however that ends, and never hangs."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TypeVar

import torch

from common.errors import AscError

T = TypeVar("T")
R = TypeVar("R")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_MASKS = hasattr(signal, "pthread_sigmask")  # not on Windows


def count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS and Windows


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)  # killed outright, the parent could not say so; the next run removes temporaries


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Deliver SIGINT and SIGTERM afterwards: in the midst of it, half-started workers would be left behind.

    What is started meanwhile has them blocked. That does not keep them from this process, any thread of which may
    receive them; the handlers do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    handlers = {number: signal.signal(number, lambda number, _: received.append(number)) for number in _SIGNALS}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS) if _MASKS else set()
    try:
        yield
    finally:
        if _MASKS:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    if _MASKS:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute in one thread, as it does in a worker: how many there are must not show in results or times."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def for_each(function: Callable[[T], R], tasks: Sequence[T], workers: int, done: Callable[[T, R], None]) -> None:
    """Call `function` on every task, in `workers` processes (one: in this one); `done(task, result)` here as each ends.

    An exception, from a worker, from `done` or from a signal, stops the rest: running tasks end, no other starts.

    Raises
    ------
    AscError
        If workers cannot be started, or one was killed.
    """
    workers = min(workers, len(tasks))
    if workers <= 1:
        with one_thread():
            for task in tasks:
                done(task, function(task))
        return
    with _pool(function.__module__, workers) as pool:
        with _signals_wait(), _naming_missing_means():
            futures = {pool.submit(function, task): task for task in tasks}
        for future in as_completed(futures):
            done(futures.pop(future), future.result())


@contextmanager
def _pool(module: str, workers: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool whose processes have imported `module`; on the way out running tasks end and no other starts."""
    # Not fork: threads of this process (its BLAS, its progress bar) would be copied in whatever state they are in.
    context = multiprocessing.get_context(_start_method())
    if context.get_start_method() == "forkserver":
        context.set_forkserver_preload([module])
    with _naming_missing_means():
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    try:
        yield pool
    except BrokenProcessPool as error:
        raise AscError(
            "a worker process was killed, most often for want of memory; the same command continues, "
            f"with less memory if --workers is below {workers}"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_method() -> str:
    return "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


@contextmanager
def _naming_missing_means() -> Iterator[None]:
    """Name what is missing where processes are started: semaphores (/dev/shm), sockets (the temporary folder)."""
    try:
        yield
    except (OSError, ImportError) as error:
        raise AscError(f"worker processes cannot be started ({error}); --workers 1 needs none") from error
