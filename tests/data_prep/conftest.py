"""Fixtures for prepared sets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from data_prep import planning
from data_prep.layouts import LAYOUTS
from data_prep.planning import plan_set
from data_prep.preparation import prepare
from data_prep.splits import SplitSettings
from data_prep.storage import PreparedSet
from tests.tiny_sets import write_tiny_set

SPLIT = SplitSettings(test_cities=2)
Make = Callable[..., PreparedSet]


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make shards hold ten of the tiny clips (256 x 9 float16), so that 36 clips are four shards."""
    monkeypatch.setattr(planning, "SHARD_BYTES", 10 * 256 * 9 * 2)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder of a tiny data set."""
    write_tiny_set(tmp_path / "recordings")
    return tmp_path / "recordings"


@pytest.fixture
def make(small_shards: None, root: Path, tmp_path: Path) -> Make:
    """Return a function that prepares the tiny data set, into tmp_path/prepared unless told otherwise."""

    def make_it(
        out: Path | None = None, *, workers: int = 1, on_error: Literal["stop", "skip"] = "stop", **settings: Any
    ) -> PreparedSet:
        plan = plan_set(root, LAYOUTS["folder"], out or tmp_path / "prepared", **settings)
        return prepare(plan, SPLIT, workers=workers, on_error=on_error)

    return make_it
