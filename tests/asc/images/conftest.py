"""Small image sets in memory, runs on them, and training as recipes ask for it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from asc.images.description import ImageData, ImageNetwork, ImageRun, ImageWeights, Learning
from asc.images.training import train_images
from asc.run_folder import RunFolder
from data_prep.images.sets import LabelledSet, Part
from data_prep.images.splits import ImageSplitSettings
from tests.conftest import TEST_PRECISION, TEST_SEED

CLASSES = 4


def make_part(count: int, seed: int, shape: tuple[int, ...] = (1, 6, 6)) -> Part:
    """Images with a bright row that tells their class, in noise that hides it a little."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(CLASSES, size=count)
    images = generator.integers(0, 120, (count, *shape))
    images[np.arange(count), :, labels] += 80
    return Part(images.astype(np.uint8), labels.astype(np.int64))


def make_set(name: str = "mnist", shape: tuple[int, ...] = (1, 6, 6)) -> LabelledSet:
    classes = tuple("abcd")
    return LabelledSet.of(name, classes, make_part(120, 0, shape), make_part(60, 1, shape))


@pytest.fixture(scope="session")
def digits() -> LabelledSet:
    return make_set()


@pytest.fixture
def sets(digits: LabelledSet, monkeypatch: pytest.MonkeyPatch) -> dict[str, LabelledSet]:
    """Put small sets where the published ones are read."""
    known = {"mnist": digits, "cifar10": make_set("cifar10", (3, 8, 8))}
    for module in ("asc.images.batches", "recipes.images"):
        monkeypatch.setattr(f"{module}.load", lambda name, _folder, **_how: known[name])
    return known


@pytest.fixture
def run(sets: dict[str, LabelledSet]) -> ImageRun:
    """A perceptron with an optimiser that a stack does not know."""
    return ImageRun(
        data=ImageData(name="mnist", identity=sets["mnist"].identity, split=ImageSplitSettings(validation=20)),
        network=ImageNetwork.of("mlp", width=6, classes=CLASSES, inputs=36),
        weights=ImageWeights(),
        training=Learning(epochs=4, batch_size=30, learning_rate=0.1, momentum=0.9, precision=TEST_PRECISION),
        seed=TEST_SEED,
        preset="tiny",
    )


@pytest.fixture
def plain(run: ImageRun) -> ImageRun:
    """A perceptron that learns by plain gradient descent in float32, as members of a stack do."""
    return replace(run, training=replace(run.training, momentum=0.0, precision="32-true"))


@pytest.fixture
def trained(tmp_path: Path, sets: dict[str, LabelledSet]) -> Callable[..., RunFolder]:
    def make(job: Any, runs: str = "runs") -> RunFolder:
        train_images(job, tmp_path, tmp_path / runs, "cpu")
        return RunFolder.of(job, tmp_path / runs)

    return make


def weights(folder: RunFolder) -> dict[str, torch.Tensor]:
    return load_file(folder.weights_file)


def difference(one: RunFolder, other: RunFolder) -> float:
    """Return the largest difference of a weight, having checked that they are the same weights."""
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    return max(float((first[name].double() - second[name].double()).abs().max()) for name in first)
