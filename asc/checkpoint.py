"""Checkpoints, written atomically by a thread, and read without unpickling anything but tensors and plain values."""

import math
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor

from common.errors import RunError
from common.files import atomic_path

# Writing takes at most this share of the time, unless a stop would then lose more than so many seconds of work.
_SHARE_OF_TIME, _LONGEST = 0.05, 600.0


def write_checkpoint(checkpoint: dict[str, Any], path: Path) -> None:
    """Write `checkpoint` to `path`, whole or not at all."""
    with atomic_path(path) as temporary:
        torch.save(checkpoint, temporary)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU; only tensors and plain values are ever loaded.

    Raises
    ------
    RunError
        If the file is not a readable checkpoint.
    """
    try:
        checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # what a damaged or hostile file raises is torch's affair; all of it means this
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise RunError(f"{path} is not a readable checkpoint ({reason}); remove it to start afresh") from error
    return checkpoint


class BackgroundCheckpoint:
    """The checkpoint of a job: the state is copied to the host, and a thread writes the copy while training goes on.

    An error in the thread is raised by the next save, or by `wait`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._pending: Future[None] | None = None
        self._started, self._cost = -math.inf, 0.0

    @property
    def due(self) -> bool:
        """Whether the last checkpoint is written, and so long ago that the next may be."""
        if self._pending is not None and not self._pending.done():
            return False
        return monotonic() - self._started >= min(self._cost / _SHARE_OF_TIME, _LONGEST)

    def save(self, checkpoint: dict[str, Any]) -> None:
        """Have `checkpoint`, as it is now, written."""
        self.wait()
        self._started = monotonic()
        copy = apply_to_collection(checkpoint, Tensor, lambda tensor: tensor.detach().to("cpu", copy=True))
        self._pending = self._thread.submit(self._write, copy)

    def _write(self, copy: dict[str, Any]) -> None:
        try:
            write_checkpoint(copy, self.path)
        finally:
            self._cost = monotonic() - self._started

    def wait(self) -> None:
        """Return when what was saved is on the disk."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()
