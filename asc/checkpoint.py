"""Checkpoints that are whole or absent on any file system, and that load nothing but tensors and plain values."""

from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import CheckpointIO

from common.errors import RunError
from common.files import atomic_path


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
