"""Errors of loader workers: training ends with a message instead of a traceback or a wait without end."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import Tensor
from torch.utils.data import get_worker_info

from common.errors import AscError, RunError

_LOST = re.compile(r"DataLoader worker \(pid(?:\(s\))? [\d, ]+\) (is killed by signal: [^.]+|exited unexpectedly)")
_RAISED = re.compile(r"Caught \w+ in DataLoader worker process .*\b(?:\w+\.)+\w+Error: (.*)", re.DOTALL)


def share(tensors: Iterable[Tensor]) -> None:
    """Move what a loader worker has loaded into shared memory; elsewhere leave it where it is.

    Left to the queue that carries it to the trainer, this would happen in a thread that prints errors and goes on, so
    that worker and trainer would wait for each other for ever.

    Raises
    ------
    RunError
        If there is no room for it.
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
    """Turn what torch raises in the trainer when a loader worker fails into an error of one sentence.

    Raises
    ------
    RunError
        If a worker was killed, or raised a named error.
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
