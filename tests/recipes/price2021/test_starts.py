"""Figures 4, 5, 7 and 13: networks before training, what is found once, and what is drawn of it."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.pruning.allocation import equal_per_filter, sizes_of
from recipes.command import Recipe, run_recipe
from recipes.price2021 import masks
from recipes.price2021.grids import Panel, network_of
from recipes.price2021.methods import weight_shapes
from recipes.registry import recipe_of

FIGURE_4 = recipe_of("price2021/fig04_jacobian")
FIGURE_5 = recipe_of("price2021/fig05_layers")
FIGURE_7 = recipe_of("price2021/fig07_allocations")
FIGURE_13 = recipe_of("price2021/fig13_synflow_layers")

Make = Callable[..., pd.DataFrame]


@pytest.fixture
def drawn(tmp_path: Path, images: Path, small: None) -> Make:
    """Run a figure's command line; return its numbers."""

    places = {"data": images, "runs": tmp_path / "runs", "out": tmp_path / "figures"}

    def made(recipe: Recipe, *more: str) -> pd.DataFrame:
        taken = [field.name for field in fields(recipe.options) if field.init and field.name in places]
        given = [text for name in taken for text in (f"--{name}", str(places[name]))]
        assert run_recipe(recipe, [*given, *more]) == 0
        (table,) = (tmp_path / "figures/price2021").glob("*.csv")
        return pd.read_csv(table)

    return made


def test_counts_of_every_method(drawn: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    table = drawn(FIGURE_5, "--densities", "0.5", "0.2")
    assert table["layer"].max() == 54
    kept = table.groupby(["series", "density"])["kept"].sum()
    weights = table.groupby(["series", "density"])["weights"].sum()
    assert np.allclose(kept / weights, [share for _, share in kept.index], atol=0.02)
    # Found once.
    monkeypatch.setattr(masks, "_find", lambda *_: pytest.fail("found again"))
    pd.testing.assert_frame_equal(drawn(FIGURE_5, "--densities", "0.5", "0.2"), table)


def test_a_method_that_fails_is_named(drawn: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        table = drawn(FIGURE_5, "--densities", "0.0003")
        failed = table.dropna(subset="failure")
        assert failed["series"].tolist() == ["SynFlow", "FORCE"]
        assert "zero" in failed["failure"].iloc[0]
        monkeypatch.setattr(masks, "_find", lambda *_: pytest.fail("found again"))


def test_allocations_need_no_data(drawn: Make, tmp_path: Path) -> None:
    table = drawn(FIGURE_7)
    found = table[(table["series"] == "DCTpS (EPF)") & (table["architecture"] == "vgg19") & (table["density"] == 0.01)]
    shapes = weight_shapes(network_of(Panel("vgg19", "cifar10"), "paper"))
    expected = equal_per_filter(shapes, int(0.01 * sum(sizes_of(shapes).values())))
    assert dict(zip(found["name"], found["kept"], strict=True)) == expected
    assert not (tmp_path / "runs").exists()


def test_synflow_of_other_networks(drawn: Make) -> None:
    table = drawn(FIGURE_13, "--densities", "0.1")
    panels = table.groupby(["architecture", "classes"], sort=False)["layer"].max()
    assert panels.to_dict() == {
        ("vgg19", 10): 17,
        ("vgg19", 100): 17,
        ("resnet18", 200): 21,
        ("mobilenetv2", 10): 58,
    }


@pytest.mark.parametrize("inputs", ["noise", "images"])
def test_spectra(drawn: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str], inputs: str) -> None:
    command = ["--densities", "0.5", "0.002", "--modes", "eval", "train-summed", "--count", "3", "--inputs", inputs]
    table = drawn(FIGURE_4, *command)
    assert len(table) == 2 * (2 + 4 * 2)
    spectra = table.set_index(["series", "density", "mode"]).filter(like="value").sort_index()
    assert (spectra.loc[("Sparse (uniform)", "0.2 %")] == 0).all(axis=None)
    assert (spectra.loc[[("dense", "any", "eval"), ("DCTpS", "any", "eval")]] > 0).all(axis=None)
    assert (np.diff(spectra.dropna().to_numpy()) <= 0).all()
    capsys.readouterr()
    drawn(FIGURE_4, *command, "--dry-run")
    assert "20 of 20 spectra are finished" in capsys.readouterr().out
