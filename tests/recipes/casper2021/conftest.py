"""A tiny CIFAR-10, and demo grids that are trained on it in a second or two."""

from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from data_prep.images.sets import LabelledSet, Part
from data_prep.images.splits import ImageSplitSettings
from recipes.casper2021 import cifar, imagenet
from recipes.command import Recipe, run_recipe


def _part(count: int, seed: int) -> Part:
    """Images with a bright band that tells their class."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    images = generator.integers(0, 90, (count, 3, 32, 32))
    for image, label in zip(images, labels, strict=True):
        image[:, 6 + 2 * label : 8 + 2 * label] += 120
    return Part(images.astype(np.uint8), labels.astype(np.int64))


@pytest.fixture
def tiny_cifar(monkeypatch: pytest.MonkeyPatch) -> LabelledSet:
    """Put a tiny set where the published one is read; make demo sizes, and numbers of examples and epochs, tiny."""
    found = LabelledSet.of("cifar10", tuple("0123456789"), _part(40, 0), _part(12, 1))
    for module in ("asc.images.task", "recipes.images"):
        monkeypatch.setattr(f"{module}.load", lambda _name, _folder, **_how: found)
    split = ImageSplitSettings(validation=8, test_examples=10)
    monkeypatch.setitem(cifar._SPLITS, "demo", split)
    monkeypatch.setitem(cifar._RANDOM_EXAMPLES, "demo", 20)
    monkeypatch.setitem(cifar.CIFAR_SIZES, "demo", (1 / 16, 0.125))
    monkeypatch.setitem(imagenet.IMAGENET_SIZES, "demo", (1 / 32, 1 / 16))
    return found


class Make(Protocol):
    def __call__(self, recipe: Recipe, *more: str) -> Path: ...


@pytest.fixture
def make(tmp_path: Path, tiny_cifar: LabelledSet) -> Make:
    """Make a figure of one epoch and one seed, and return where its table is."""

    def made(recipe: Recipe, *more: str) -> Path:
        places = ["--data", str(tmp_path), "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "figures")]
        assert run_recipe(recipe, [*places, "--accelerator", "cpu", "--seeds", "1", *more]) == 0
        return tmp_path / "figures" / f"{recipe.name}.csv"

    return made
