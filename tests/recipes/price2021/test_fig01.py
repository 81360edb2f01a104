"""Figure 1: every method trains as many parameters as the axis says."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from models.weights.hyperplane import RandomHyperplane
from models.weights.pruned import PrunedAtStart
from recipes.price2021.fig01_subspaces import RECIPE, SubspacesOptions, points

pytestmark = pytest.mark.trains


def test_every_series_trains_so_many(make: Callable[..., int], tmp_path: Path) -> None:
    assert make(RECIPE, "--dimensions", "700") == 0
    table = pd.read_csv(tmp_path / "figures/price2021/fig01_subspaces.csv").set_index("series")
    assert len(table) == 8
    assert not table["failed"].any()
    extra = table["parameters"] - table["dimension"]
    assert extra["Sparse (uniform)"] in range(-5, 1)
    assert (extra.drop("Sparse (uniform)") == 0).all()


@pytest.mark.parametrize(("lenet", "others"), [("paper", 236), ("code", 0)])
def test_biases_count(lenet: str, others: int) -> None:
    options = SubspacesOptions(
        data=Path(), runs=Path(), out=Path(), lenet=lenet, dimensions=(5000,), projection="sparse"
    )  # type: ignore[arg-type]
    found = {point.series: point.run.weights for point in points(options)}
    assert found["Hyperplane"] == (RandomHyperplane(dimension=5000, projection="sparse"),)
    (snip,) = found["SNIP"]
    assert isinstance(snip, PrunedAtStart)
    assert snip.kept == (5000 - others,)
