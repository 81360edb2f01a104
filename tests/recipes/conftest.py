"""The small prepared set and the tiny grids that the recipes' tests train on."""

from dataclasses import replace

import pytest

from asc.images.description import ImageRun
from recipes.images import ImagePoint, ImageStudy
from recipes.koutini2021 import grids as sizes
from tests.asc.conftest import prepared, recordings
from tests.conftest import TEST_SEED

__all__ = ["prepared", "recordings"]


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

    def shifted(study: ImageStudy, point: ImagePoint) -> list[ImageRun]:
        return [replace(run, seed=run.seed + TEST_SEED) for run in describe(study, point)]

    monkeypatch.setattr(ImageStudy, "describe", shifted)
