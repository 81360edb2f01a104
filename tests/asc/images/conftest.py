"""Small image sets in memory, runs on them, and training as recipes ask for it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from asc.machine import Machine
from asc.run import Run, Stack
from asc.run_folder import RunFolder
from asc.training import train
from data_prep.images.sets import LabelledSet
from tests.asc.image_runs import make_set, perceptron_run


@pytest.fixture(scope="session")
def digits() -> LabelledSet:
    return make_set()


@pytest.fixture
def sets(digits: LabelledSet, monkeypatch: pytest.MonkeyPatch) -> dict[str, LabelledSet]:
    """Put small sets where the published ones are read."""
    known = {"mnist": digits, "cifar10": make_set("cifar10", (3, 8, 8))}
    for module in ("asc.images.task", "recipes.images"):
        monkeypatch.setattr(f"{module}.load", lambda name, _folder, **_how: known[name])
    return known


@pytest.fixture
def run(sets: dict[str, LabelledSet]) -> Run:
    """A perceptron with an optimizer that a stack does not know."""
    return perceptron_run(sets["mnist"].identity)


@pytest.fixture
def plain(run: Run) -> Run:
    """A perceptron trained by plain gradient descent in float32, as members of a stack are."""
    return replace(run, training=replace(run.training, momentum=0.0, precision="32-true"))


@pytest.fixture
def trained(tmp_path: Path, sets: dict[str, LabelledSet]) -> Callable[..., RunFolder]:
    def make(job: Run | Stack, runs: str = "runs") -> RunFolder:
        return train(job, tmp_path, tmp_path / runs, Machine())

    return make


def weights(folder: RunFolder) -> dict[str, torch.Tensor]:
    """Return the final weights of a run's network, by name."""
    return {name.removeprefix("network."): value for name, value in load_file(folder.weights_file).items()}


def difference(one: RunFolder, other: RunFolder) -> float:
    """Return the largest difference of a weight, having checked that they are the same weights."""
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    return max(float((first[name].double() - second[name].double()).abs().max()) for name in first)
