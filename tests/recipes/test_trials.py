"""What runs take beside their steps, by short runs."""

import time
from pathlib import Path

import pytest

from recipes.trials import Beside, beside_steps


def test_start_and_epochs_are_told_apart() -> None:
    folders = []

    def train(run: str, epochs: int, folder: Path) -> None:
        folders.append((run, epochs, folder))
        assert folder.is_dir()
        time.sleep(0.2 + (0.1 + 0.05) * epochs)

    [found] = beside_steps(["small"], train, lambda _, epochs: 0.05 * epochs)
    assert found == pytest.approx(Beside(0.2, 0.1), abs=0.08)
    assert [(run, epochs) for run, epochs, _ in folders] == [("small", 1), ("small", 1), ("small", 3)]
    assert not any(folder.exists() for _, _, folder in folders)


def test_a_long_run_is_not_tried() -> None:
    def train(run: str, epochs: int, folder: Path) -> None:
        raise AssertionError(run, epochs, folder)

    assert beside_steps(["large"], train, lambda _, epochs: 10.0 * epochs) == [Beside(0.0, 0.0)]
