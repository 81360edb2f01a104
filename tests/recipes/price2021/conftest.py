"""A few random images as CIFAR-10, networks of a few channels, pruning in a few steps."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from data_prep.images.splits import ImageSplitSettings
from models.pruning.prune import METHODS
from recipes.command import Recipe, run_recipe
from recipes.price2021 import grids
from tests.conftest import TEST_PRECISION
from tests.tiny_images import write_tiny_images

WIDTHS = {"resnet50": 2, "resnet18": 2, "vgg19": 2, "mobilenetv2": 4, "fixup-resnet": 2}


@pytest.fixture(autouse=True)
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the images; make both presets tiny."""
    write_tiny_images("cifar10", tmp_path / "images", monkeypatch)
    for method in ("synflow", "iter_snip"):
        monkeypatch.setitem(METHODS, method, (METHODS[method][0], 3))
    return tmp_path / "images"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for preset, scale in grids.SCALES.items():
        scaled = replace(
            scale, widths=WIDTHS, epochs=1, lenet_epochs=1, split=ImageSplitSettings(validation=4), side=None
        )
        monkeypatch.setitem(grids.SCALES, preset, scaled)  # type: ignore[arg-type]


@pytest.fixture
def make(tmp_path: Path, images: Path, small: None) -> Callable[..., int]:
    """Run a recipe's command line on the tiny images."""

    def made(recipe: Recipe, *more: str) -> int:
        places = ["--data", str(images), "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "figures")]
        return run_recipe(
            recipe, [*places, "--seeds", "1", "--accelerator", "cpu", "--precision", TEST_PRECISION, *more]
        )

    return made
