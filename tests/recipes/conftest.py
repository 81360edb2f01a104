"""The small prepared set, the few images and the tiny grids that the recipes' tests train on."""

from dataclasses import replace

import numpy as np
import pytest

from asc.presets import image_training
from asc.run import ImageData, Run
from data_prep.images.sets import LabelledSet, Part
from data_prep.images.splits import ImageSplitSettings
from models.registry import network_settings
from recipes.images import ImageStudy
from recipes.koutini2021 import grids as sizes
from recipes.points import Point
from tests.asc.conftest import prepared, recordings, scene_run
from tests.conftest import TEST_SEED

__all__ = ["prepared", "recordings", "scene_run"]


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the demo grids tiny."""
    for name, grid in {
        "WIDTHS": (2, 3),
        "DEPTHS": (1, 2),
        "POINTWISE_DEPTHS": (0, 1),
        "DEPTH_WIDTH": 2,
        "WIDE_AND_DEEP": ((3, 2),),
        "VARIANTS": ((2, 1, 1), (2, 2, 1), (2, 1, 0), (3, 1, 1)),
        "SHALLOW_AND_DEEP": (0, 1),
        "NARROW_AND_WIDE": (2, 3),
        "MEMORISING": (2, 3),
        "SPARSE_WIDTHS": (2, 3),
    }.items():
        monkeypatch.setitem(getattr(sizes, name), "demo", grid)


@pytest.fixture
def other_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let recipes on images count seeds from that of the tests, not from 0."""
    describe = ImageStudy.describe

    def shifted(study: ImageStudy, point: Point) -> list[Run]:
        return [replace(run, seed=run.seed + TEST_SEED) for run in describe(study, point)]

    monkeypatch.setattr(ImageStudy, "describe", shifted)


@pytest.fixture
def few_images(monkeypatch: pytest.MonkeyPatch) -> LabelledSet:
    """Put a few small images where the published ones are read."""
    generator = np.random.default_rng(0)

    def part(count: int) -> Part:
        return Part(generator.integers(0, 256, (count, 3, 4, 4)).astype(np.uint8), np.arange(count) % 10)

    found = LabelledSet.of("cifar10", tuple("0123456789"), part(50), part(13))
    monkeypatch.setattr("asc.images.task.load", lambda _name, _folder, **_how: found)
    return found


@pytest.fixture
def image_run(few_images: LabelledSet) -> Run:
    """Return a run of a perceptron on 39 of the images; its momentum keeps it out of stacks."""
    return Run(
        data=ImageData(name="cifar10", identity=few_images.identity, split=ImageSplitSettings(validation=11)),
        network=network_settings("mlp", width=6, classes=10, inputs=48),
        training=image_training(epochs=12, batch_size=8, momentum=0.9),
        preset="tiny",
    )
