"""Layers of ResNet-18: published totals, the levels of the allocation, and Figures 8 and 10."""

from pathlib import Path

import pandas as pd
import pytest

from common.errors import ConfigError
from models.pruning.published import golubeva_published
from recipes.command import run_recipe
from recipes.golubeva2021.layer_counts import budget_of, kept_by_layer, resnet_shapes, stage_table, stages_of
from recipes.registry import recipe_of


def test_layers_are_named_in_the_order_of_the_network() -> None:
    names = list(resnet_shapes(8))
    assert len(names) == 21
    assert names[:3] == ["stem", "1.1 conv 1", "1.1 conv 2"]
    assert names[5:9] == ["2.1 conv 1", "2.1 conv 2", "2.1 shortcut", "2.2 conv 1"]
    assert names[-1] == "classifier"
    assert resnet_shapes(8)["4.1 shortcut"] == (64, 32, 1, 1)


@pytest.mark.parametrize(
    ("width", "connectivity", "touched", "level"),
    [
        (18, 0.2016, 9, 12708),
        (32, 0.0643, 14, 9499),
        (48, 0.0287, 19, 9214),
        (64, 0.0161, 19, 9002),
        (80, 0.0103, 20, 8940),
        (128, 0.0040, 20, 8875),
    ],
)
def test_the_weights_of_width_8_are_shared_out_as_computed_before(
    width: int, connectivity: float, touched: int, level: int
) -> None:
    table = kept_by_layer([width], 8)
    assert table["kept"].sum() == budget_of(8, width) == 180_952
    assert table["kept"].sum() / table["weights"].sum() == pytest.approx(connectivity, abs=5e-5)
    assert (table["kept"] < table["weights"]).sum() == touched
    assert table["kept"].max() == level


@pytest.mark.parametrize("width", [18, 32, 64])
def test_stages_come_down_to_the_next_layer_and_end_where_the_papers_code_does(width: int) -> None:
    shapes, budget = resnet_shapes(width), budget_of(8, width)
    stages = stages_of(shapes, budget)
    sizes = sorted(set(stages[0].values()), reverse=True)
    for stage, level in zip(stages[:-1], sizes, strict=False):
        assert max(stage.values()) == level
    assert sum(stages[-1].values()) == budget
    published = golubeva_published(shapes, budget)
    assert max(abs(published[name] - kept) for name, kept in stages[-1].items()) < len(shapes)
    table = stage_table(stages)
    assert table["weights"].is_monotonic_decreasing
    assert (table.drop(columns="layer").diff(axis=1).iloc[:, 1:] <= 0).all(axis=None)


def test_a_network_narrower_than_the_base_is_named() -> None:
    with pytest.raises(ConfigError, match="base width, 8"):
        kept_by_layer([4], 8)


@pytest.mark.parametrize("name", ["fig08_allocation", "fig10_layers"])
def test_the_figures_and_their_numbers(name: str, tmp_path: Path) -> None:
    recipe = recipe_of(f"golubeva2021/{name}")
    assert run_recipe(recipe, ["--out", str(tmp_path), "--dry-run"]) == 0
    assert not list(tmp_path.iterdir())
    assert run_recipe(recipe, ["--out", str(tmp_path)]) == 0
    folder = tmp_path / "golubeva2021"
    assert {path.name for path in folder.iterdir()} == {f"{name}.{form}" for form in ("png", "pdf", "csv")}
    assert len(pd.read_csv(folder / f"{name}.csv")) % 21 == 0
