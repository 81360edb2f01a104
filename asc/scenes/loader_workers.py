"""Errors of loader workers: training ends with a message instead of a traceback or a deadlock."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import Tensor
from torch.utils.data import get_worker_info

from common.errors import AscError, RunError

_LOST = re.compile(r"DataLoader worker \(pid(?:\(s\))? [\d, ]+\) (is killed by signal: [^.]+|exited unexpectedly)")
_RAISED = re.compile(r"Caught \w+ in DataLoader worker process .*\b(?:\w+\.)+\w+Error: (.*)", re.DOTALL)


def share(tensors: Iterable[Tensor]) -> None:
    """Move a loader worker's tensors to shared memory; do nothing in other processes.

    Otherwise a thread of the worker's queue would do it, which only prints errors, so that worker and training process
    would wait for each other forever.

    Raises
    ------
    RunError
        If there is not enough shared memory.
    """
    if get_worker_info() is None:
        return
    try:
        for tensor in tensors:
            tensor.share_memory_()  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        raise RunError(
            f"a loader worker has no shared memory for its batch ({error}); train with --workers 0, which needs none, "
            "or enlarge /dev/shm (in a container: --shm-size)"
        ) from error


@contextmanager
def naming_lost_workers() -> Iterator[None]:
    """Convert torch's errors about failed loader workers to an error of one sentence.

    Raises
    ------
    RunError
        If a worker was killed, or raised an `AscError`.
    """
    try:
        yield
    except (RuntimeError, AscError) as error:
        if lost := _LOST.search(str(error)):
            raise RunError(
                f"a loader worker {lost[1].replace('is killed', 'was killed')}, most often for want of memory; the "
                "same command continues, with less memory if --workers is lower"
            ) from error
        if isinstance(error, AscError) and (raised := _RAISED.match(str(error))):
            raise RunError(raised[1].strip()) from error
        raise
