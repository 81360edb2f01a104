"""A process pool whose workers end with the parent process, even if the parent is killed."""

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
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS and Windows


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)  # the parent was killed; the next run removes temporary files


@contextmanager
def _deferred_signals() -> Iterator[None]:
    """Defer SIGINT and SIGTERM to the end of the block, so that no half-started workers are left behind.

    Processes started in the block have the signals blocked. In this process, any thread may receive them, so handlers
    are needed besides the mask.
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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group; the parent handles it
    if _MASKS:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit torch to one thread, as in a worker, so that results and times do not depend on the number of threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def for_each(function: Callable[[T], R], tasks: Sequence[T], workers: int, done: Callable[[T, R], None]) -> None:
    """Call `function` on every task in worker processes, and `done(task, result)` in this process for each result.

    An exception from a worker, from `done` or from a signal stops the pool: running tasks are completed, no others are
    started.

    Parameters
    ----------
    function
        Top-level function, or a partial of one.
    tasks
        Arguments of `function`.
    workers
        Number of processes; 1 runs all tasks in this process.
    done
        Called with task and result, in the order of completion.

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
        with _deferred_signals(), _explained_start_errors():
            futures = {pool.submit(function, task): task for task in tasks}
        for future in as_completed(futures):
            done(futures.pop(future), future.result())


@contextmanager
def _pool(module: str, workers: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool whose processes have imported `module`; on exit, wait for running tasks and cancel the others."""
    # Not fork, because this process has threads (BLAS, progress bar) whose state would be copied.
    context = multiprocessing.get_context(_start_method())
    if context.get_start_method() == "forkserver":
        context.set_forkserver_preload([module])
    with _explained_start_errors():
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    try:
        yield pool
    except BrokenProcessPool as error:
        raise AscError(
            "a worker process was killed, most often for lack of memory; the same command continues, "
            f"with less memory if --workers is below {workers}"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_method() -> str:
    return "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


@contextmanager
def _explained_start_errors() -> Iterator[None]:
    """Turn errors of starting processes, such as missing semaphores (/dev/shm) or sockets, into an AscError."""
    try:
        yield
    except (OSError, ImportError) as error:
        raise AscError(f"worker processes cannot be started ({error}); --workers 1 needs none") from error
