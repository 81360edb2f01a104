"""Figures 1, 3, 5, 6, 9 and 11 to 13 and Table 1 as users make them, of tiny networks; and what their numbers mean."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from asc.run_folder import find_runs
from data_prep.images.sets import LabelledSet, Part
from data_prep.images.splits import ImageSplitSettings
from recipes.command import Recipe, run_recipe
from recipes.golubeva2021 import resnets
from recipes.golubeva2021.improvement import improvement_table
from recipes.golubeva2021.table01_imagenet import accuracy_rows
from recipes.registry import recipe_of

FIG01 = recipe_of("golubeva2021/fig01_width")
FIG03 = recipe_of("golubeva2021/fig03_bottlenecks")
FIG05 = recipe_of("golubeva2021/fig05_weights")
FIG06 = recipe_of("golubeva2021/fig06_improvement")
FIG09 = recipe_of("golubeva2021/fig09_kernels")
FIG11 = recipe_of("golubeva2021/fig11_connectivity")
FIG12 = recipe_of("golubeva2021/fig12_imagenet")
FIG13 = recipe_of("golubeva2021/fig13_training")
TABLE01 = recipe_of("golubeva2021/table01_imagenet")

pytestmark = pytest.mark.trains


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few images in the place of CIFAR-10."""
    generator = np.random.default_rng(0)
    part = Part(generator.integers(0, 256, (40, 3, 8, 8)).astype(np.uint8), np.arange(40) % 10)
    found = LabelledSet.of("cifar10", tuple("0123456789"), part, part)
    for module in ("asc.images.task", "recipes.images"):
        monkeypatch.setattr(f"{module}.load", lambda _name, _folder, **_how: found)
    tiny = replace(resnets.SCALES["demo"], epochs=1, batch_size=20, split=ImageSplitSettings(), side=None)
    monkeypatch.setattr(resnets, "SCALES", {"demo": tiny})


def make(recipe: Recipe, folder: Path, *more: str) -> pd.DataFrame:
    places = ["--data", str(folder), "--runs", str(folder / "runs"), "--out", str(folder / "figures")]
    tiny = ["--base-widths", "2", "--widths", "2", "3", "4", "--seeds", "1", "--accelerator", "cpu"]
    assert run_recipe(recipe, [*places, *tiny, *more]) == 0
    target = folder / "figures" / recipe.name
    assert target.with_suffix(".png").stat().st_size > 1000
    return pd.read_csv(target.with_suffix(".csv"))


def trained(folder: Path) -> int:
    return len(find_runs([folder / "runs"]))


def test_the_sparse_figures_share_all_runs(images: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = make(FIG05, tmp_path)
    assert trained(tmp_path) == 3
    assert table["method"].tolist() == ["dense", "sparse", "sparse"]
    assert table["width"].tolist() == [2, 3, 4]
    assert table["weights"].nunique() == 1
    assert table["connectivity"].iloc[0] == 1
    assert table["connectivity"].is_monotonic_decreasing
    assert (table["mean"] >= table["test_accuracy"]).all()
    for recipe in (FIG01, FIG11, FIG13):
        pd.testing.assert_frame_equal(make(recipe, tmp_path), table)
    assert trained(tmp_path) == 3

    table = make(FIG06, tmp_path)
    assert trained(tmp_path) == 3 + 2
    assert table["factor"].tolist() == [1, 1.5, 2]
    capsys.readouterr()
    make(TABLE01, tmp_path)
    make(FIG12, tmp_path)
    assert trained(tmp_path) == 3 + 2
    assert "dense, CIFAR-10" in capsys.readouterr().out

    table = make(FIG09, tmp_path)
    assert trained(tmp_path) == 3 + 2 + 2
    assert table["method"].tolist() == ["dense", "sparse", "sparse", "sparse kernels", "sparse kernels"]
    assert abs(table["weights"] - table["weights"].iloc[0]).max() <= 9 * 21

    # What is left of a figure is drawn too, and says so.
    next((tmp_path / "runs").glob("demo-cifar10-resnet18-w2-*/seed-0/result.json")).unlink()
    assert len(make(FIG06, tmp_path, "--plot-only")) == 2
    assert len(make(FIG05, tmp_path, "--plot-only")) == 2


def test_bottlenecks(images: None, tmp_path: Path) -> None:
    table = make(FIG03, tmp_path)
    linear = table[table["method"] == "linear bottleneck"]
    assert linear["width"].tolist() == [2, 3, 4]
    assert set(table["method"]) == {"dense", "linear bottleneck", "non-linear bottleneck"}
    assert set(table["series"]) == {table["series"].iloc[0]}


def scores(method: str, base: int, width: int, mean: float, sd: float = 0.0) -> dict[str, Any]:
    row = {"method": method, "base_width": base, "width": width, "mean": mean, "sd": sd, "data": "imagenet"}
    return row | {"series": f"weights of {base}", "weights": 1e6 * base, "train_accuracy": mean}


def test_the_fraction_of_improvement() -> None:
    published = [scores("dense", w, w, a) for w, a in ((64, 68.03), (90, 69.11), (128, 70.22))]
    sparse = [scores("sparse", 64, w, a) for w, a in ((90, 69.56), (128, 70.02))]
    found = improvement_table(pd.DataFrame(published + sparse)).set_index("width")
    assert found["factor"].tolist() == [1, 90 / 64, 2]
    assert np.isnan(found["fraction"][64])
    assert found["fraction"][90] == pytest.approx(1.53 / 1.08)
    assert found["fraction"][128] == pytest.approx(1.99 / 2.19)
    # There is nothing to have a fraction of where the dense network gains nothing.
    worse = improvement_table(pd.DataFrame([*published[:1], scores("dense", 90, 90, 68), *sparse[:1]]))
    assert worse["fraction"].isna().all()
    assert worse["mean"].tolist() == [68.03, 69.56]


def test_the_fractions_deviation_is_that_of_draws() -> None:
    means, deviation = {"base": 0.6, "dense": 0.7, "sparse": 0.68}, 0.002
    rows = [scores("dense", 1, 1, 0.6, 0.002), scores("dense", 2, 2, 0.7, 0.002), scores("sparse", 1, 2, 0.68, 0.002)]
    found = improvement_table(pd.DataFrame(rows))["fraction_sd"].iloc[-1]
    generator = np.random.default_rng(0)
    base, dense, sparse = (generator.normal(mean, deviation, 100_000) for mean in means.values())
    assert found == pytest.approx(((sparse - base) / (dense - base)).std(), rel=0.02)


def test_the_published_table_stands_beside() -> None:
    rows = [scores("dense", 64, 64, 0.6803), scores("sparse", 64, 90, 0.6956), scores("dense", 90, 90, 0.7)]
    table = accuracy_rows(pd.DataFrame(rows))
    assert table.columns.tolist() == [64, 90, 128, 181, 256]
    assert table[64].tolist() == ["68.03 (64)", "", "68.03", ""]
    assert table[90].tolist() == ["70.00 (90)", "69.56 (64)", "69.11", "69.56"]
