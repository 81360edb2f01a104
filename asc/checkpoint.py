"""Checkpoints that are whole or absent on any file system, and that load nothing but tensors and plain values."""

import math
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from lightning.fabric.plugins import CheckpointIO
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor

from common.errors import RunError
from common.files import atomic_path

# Writing takes at most this share of the time, unless a stop would then lose more than so many seconds of work.
_SHARE_OF_TIME, _LONGEST = 0.05, 600.0


class AtomicCheckpointIO(CheckpointIO):
    """Writes beside the target and renames: the trainer's own way leaves torn files where /tmp is another disk."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write `checkpoint` to `path`, whole or not at all."""
        with atomic_path(Path(path)) as temporary:
            torch.save(checkpoint, temporary)

    def load_checkpoint(self, path: Any, map_location: Any = "cpu", weights_only: bool | None = True) -> dict[str, Any]:
        """Read a checkpoint; only tensors and plain values are ever loaded, whatever is asked for.

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

    def remove_checkpoint(self, path: Any) -> None:
        """Delete a checkpoint if it is there."""
        Path(path).unlink(missing_ok=True)


class BackgroundCheckpointIO(AtomicCheckpointIO):
    """Copies the state to the host's memory and returns; a thread writes the copy while training goes on.

    An error in the thread is raised by the next save, or when training ends.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._pending: Future[None] | None = None
        self._started, self._cost = -math.inf, 0.0

    @property
    def due(self) -> bool:
        """Whether the last checkpoint is written, and so long ago that the next may be."""
        if self._pending is not None and not self._pending.done():
            return False
        return monotonic() - self._started >= min(self._cost / _SHARE_OF_TIME, _LONGEST)

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Have `checkpoint`, as it is now, written to `path`, whole or not at all."""
        self.wait()
        self._started = monotonic()
        copy = apply_to_collection(checkpoint, Tensor, lambda tensor: tensor.detach().to("cpu", copy=True))
        self._pending = self._thread.submit(self._write, copy, path)

    def _write(self, copy: dict[str, Any], path: Any) -> None:
        try:
            super().save_checkpoint(copy, path)
        finally:
            self._cost = monotonic() - self._started

    def wait(self) -> None:
        """Return when what was saved is on the disk."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def teardown(self) -> None:
        """End with the last checkpoint written; the trainer calls this however training ended."""
        self.wait()
