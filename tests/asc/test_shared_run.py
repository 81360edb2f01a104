"""Runs that several processes share, as a figure trains them: two processes through gloo."""

from dataclasses import replace
from pathlib import Path

import pytest

from asc.description import RunDescription
from asc.run_folder import RunFolder
from asc.shared_run import train_alone_or_shared
from asc.training import Machine
from common.errors import RunError
from data_prep.storage import PreparedSet


def test_a_shared_run_is_finished_in_its_folder(
    prepared: PreparedSet, description: RunDescription, tmp_path: Path
) -> None:
    shared = replace(description, training=replace(description.training, world_size=2, epochs=1))
    train_alone_or_shared(shared, prepared.folder, tmp_path, Machine())
    folder = RunFolder.of(shared, tmp_path)
    assert folder.done
    assert folder.description() == shared


def test_what_fails_there_is_an_error_here(prepared: PreparedSet, description: RunDescription, tmp_path: Path) -> None:
    shared = replace(description, training=replace(description.training, world_size=2))
    with pytest.raises(RunError, match="exit code 1"):
        train_alone_or_shared(shared, tmp_path, tmp_path, Machine())
