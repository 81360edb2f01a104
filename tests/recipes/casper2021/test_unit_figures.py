"""Figures of Casper 2021 on tiny images: drawn, and their tables beside what the runs hold."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from asc.images.units import curves_of, similarity_of
from asc.run_folder import RunFolder, find_runs
from evaluation.units.settings import CODE_REPETITION, RemovabilitySettings
from recipes.casper2021 import cifar
from recipes.casper2021.measuring import by_site, over_runs, whole_network
from recipes.casper2021.sizes import SizedPoint
from recipes.command import run_recipe
from recipes.image_scores import best_rates
from recipes.registry import recipe_of
from recipes.trained import Trained
from tests.recipes.casper2021.conftest import Make

FIGURE_1 = recipe_of("casper2021/fig01_accuracy")
FIGURE_2 = recipe_of("casper2021/fig02_ablation")
FIGURE_3 = recipe_of("casper2021/fig03_correlations")
FIGURE_4 = recipe_of("casper2021/fig04_imagenet")
FIGURE_6 = recipe_of("casper2021/fig06_initialisers")
FIGURE_B2 = recipe_of("casper2021/figb02_training_time")
FIGURE_B6 = recipe_of("casper2021/figb06_resnet56_layers")

pytestmark = pytest.mark.trains


def test_figures_2_3_and_6_share_runs(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.read_csv(make(FIGURE_6, "--epochs", "1", "--seeds", "2", "--sizes", "0.0625"))
    assert table["series"].tolist() == ["Glorot", "He", "LeCun"]
    assert table[["removability", "removability_code"]].stack().between(0, 1).all()
    assert (table["seeds"] == 2).all()
    assert len(find_runs([tmp_path / "runs"])) == 6
    capsys.readouterr()
    run_recipe(FIGURE_2, _places(tmp_path, "--dry-run", "--seeds", "2", "--epochs", "1", "--sizes", "0.0625"))
    told = capsys.readouterr().out
    assert "4 runs: 4 done, 0 partial, 0 missing" in told
    assert "time left" not in told
    curves = pd.read_csv(make(FIGURE_2, "--plot-only", "--seeds", "2", "--epochs", "1", "--sizes", "0.0625"))
    assert curves["ablated"].tolist() == [0.0, 16.7, 33.3, 50.0, 66.7, 83.3, 100.0] * 2
    assert curves["initialiser"].unique().tolist() == ["Glorot", "He"]
    assert (curves.loc[curves["ablated"] == 0, ["unchanged", "unchanged_code"]] == 100).all(axis=None)
    # The area under the mean curve is the mean of the areas.
    glorot = curves[curves["initialiser"] == "Glorot"]
    area = np.trapezoid(glorot["unchanged"] / 100, np.linspace(0, 1, 7))
    assert area == pytest.approx(table["removability"][0])
    violins = pd.read_csv(make(FIGURE_3, "--plot-only", "--seeds", "2", "--epochs", "1", "--sizes", "0.0625"))
    assert violins["initialiser"].tolist() == ["Glorot", "He"]
    assert (violins["pairs"] <= 2 * 16 * 15 / 2).all()
    assert violins[["mean", "quantile_0.95"]].stack().between(0, 1).all()


def _places(folder: Path, *more: str) -> list[str]:
    return ["--data", str(folder), "--runs", str(folder / "runs"), "--out", str(folder / "figures"), *more]


def test_layers_are_measured_one_by_one(make: Make, tmp_path: Path) -> None:
    table = pd.read_csv(make(FIGURE_B6, "--epochs", "1", "--sizes", "0.125"))
    assert table["series"].tolist() == ["first convolution", "block layer 1", "block layer 2", "block layer 3"]
    folder = find_runs([tmp_path / "runs"])[0]
    sites = by_site(folder, tmp_path, "cpu")
    np.testing.assert_allclose(table["removability"], sites["removability"])
    curves = curves_of(folder, tmp_path, RemovabilitySettings(), "cpu")
    last = curves[curves["site"] == sites.index[-1]].groupby("share")["unchanged"].mean()
    assert sites["removability"].iloc[-1] == pytest.approx(np.trapezoid(last, np.linspace(0, 1, 7)))
    code = similarity_of(folder, tmp_path, CODE_REPETITION, "cpu").groupby("site", sort=False)["similarity"].mean()
    np.testing.assert_allclose(sites["similarity_code"], code[sites.index], atol=1e-9)
    # A point may be of one layer alone.
    run = folder.description()
    whole, one = (
        whole_network(SizedPoint(series="", size=1.0, run=run, site=site), folder, tmp_path, "cpu").iloc[0]
        for site in (None, sites.index[2])
    )
    assert whole["similarity"] == pytest.approx(sites["similarity"].mean())
    assert one["similarity"] == sites["similarity"].iloc[2]
    assert one["accuracy"] == whole["accuracy"]


def test_dead_units_are_counted_as_the_code_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    curves = pd.DataFrame({"site": "a", "repetition": 0, "share": [0.0, 1.0], "unchanged": [1.0, 0.5]})
    units = pd.DataFrame(
        {
            "site": ["a", "a"],
            "sampling": [0, 1],
            "units": 4,
            "dead": [1, 4],
            "similarity": [2.0, np.nan],
            "deviation": 0.0,
        }
    )
    monkeypatch.setattr("recipes.casper2021.measuring.curves_of", lambda *_: curves)
    monkeypatch.setattr("recipes.casper2021.measuring.similarity_of", lambda *_: units)
    found = by_site(RunFolder(tmp_path), tmp_path, "cpu").loc["a"]
    assert found["similarity_code"] == pytest.approx(((3 * 2.0 - 1) / 4 + -1) / 2)
    assert found["dead"] == pytest.approx((0.25 + 1) / 2)
    assert found["removability"] == 0.75


def test_means_and_deviations_are_over_runs(tmp_path: Path) -> None:
    point = SizedPoint(series="s", size=0.5, run=cifar.alexnet(0.5, "demo"))
    folders = [RunFolder(tmp_path / str(seed)) for seed in range(3)]
    for folder in folders[:2]:
        folder.path.mkdir()
        folder.result_file.write_text("{}")
    trained = Trained(runs_of={point: folders}, data="", preset="demo", accelerator="cpu")

    def measure(_point: SizedPoint, folder: RunFolder) -> pd.DataFrame:
        return pd.DataFrame({"number": [1.0, 2.0]}, index=pd.Index(["b", "a"], name="layer")) * (
            1 + int(folder.path.name)
        )

    table = over_runs([point], trained, measure)
    assert table["layer"].tolist() == ["b", "a"]
    assert table["number"].tolist() == [1.5, 3.0]
    np.testing.assert_allclose(table["number_sd"], [np.std([1, 2], ddof=1), np.std([2, 4], ddof=1)])
    assert (table["width"] == 48).all()
    assert (table["seeds"] == 2).all()


def test_networks_of_one_width_are_points_of_their_own(tmp_path: Path) -> None:
    points = FIGURE_4.points(FIGURE_4.options(data=tmp_path, runs=tmp_path, out=tmp_path, preset="paper"))
    runs_of = {}
    for number, point in enumerate(points):
        runs_of[point] = [RunFolder(tmp_path / f"{number}")]
        runs_of[point][0].path.mkdir()
        runs_of[point][0].result_file.write_text('{"validation_accuracy": 0.5}')
    best = best_rates(Trained(runs_of=runs_of, data="", preset="paper", accelerator="cpu"))
    assert [(point.series, point.size) for point in best] == [(point.series, point.size) for point in points]


def test_training_time_is_on_the_axis(make: Make, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = pd.read_csv(make(FIGURE_B2, "--lengths", "1", "2", "--sizes", "0.0625"))
    assert table["series"].tolist() == ["1/16x"] * 2
    assert table["epochs"].tolist() == [1, 2]
    assert run_recipe(FIGURE_B2, _places(tmp_path, "--epochs", "3", "--dry-run")) == 1
    assert "--lengths" in capsys.readouterr().err


def test_accuracies_are_drawn_in_panels(make: Make) -> None:
    table = pd.read_csv(make(FIGURE_1, "--epochs", "1", "--sizes", "0.125", "--panels", "b"))
    assert table["panel"].unique().tolist() == ["(b) true and random labels"]
    assert table["series"].tolist() == ["AlexNet", "AlexNet, random labels", "ResNet-56", "ResNet-56, random labels"]
    assert table["accuracy"].between(0, 100).all()
    assert table["train_accuracy"].between(0, 100).all()
