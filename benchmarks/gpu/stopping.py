"""Interruption of a training after its first epoch, for checks of resumption."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest import mock

from asc.checkpoint import BackgroundCheckpoint


class _Stopped(Exception):
    """Simulates that the process is killed."""


@contextmanager
def stopped_at_first_checkpoint() -> Iterator[None]:
    """Interrupt the training in this block after its first checkpoint, which is written after the first epoch."""
    save = BackgroundCheckpoint.save

    def save_and_stop(checkpoint: BackgroundCheckpoint, state: dict[str, Any]) -> None:
        save(checkpoint, state)
        checkpoint.wait()
        raise _Stopped

    with suppress(_Stopped), mock.patch.object(BackgroundCheckpoint, "save", save_and_stop):
        yield
