"""Figure 7: networks at their best rate, distances computed once, and both drawn from what is there."""

from pathlib import Path

import pandas as pd
import pytest

from asc.run import Stack
from asc.stacks import stack_up
from models.weights.schemes import kept_weights
from recipes.command import run_recipe
from recipes.golubeva2021 import fig07_kernel_distance
from recipes.golubeva2021.fig07_kernel_distance import RECIPE
from recipes.images import ImageStudy
from tests.recipes.golubeva2021.making import QUICK, few_digits

pytestmark = pytest.mark.trains


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("asc.images.task", "recipes.images", "recipes.golubeva2021.fig07_kernel_distance"):
        monkeypatch.setattr(f"{module}.load", lambda *_, **__: few_digits())
    monkeypatch.setitem(fig07_kernel_distance._DRAWS, "demo", QUICK)
    split = fig07_kernel_distance.ImageSplitSettings(train_examples=50, validation=20)
    monkeypatch.setattr(fig07_kernel_distance, "_SPLIT", split)


def make(folder: Path, *more: str) -> int:
    places = ["--data", str(folder), "--runs", str(folder / "runs"), "--out", str(folder / "out")]
    small = ["--epochs", "2", "--seeds", "2", "--accelerator", "cpu", "--widths", "8", "32"]
    return run_recipe(RECIPE, [*places, *small, *more])


def table(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "out" / f"{RECIPE.name}.csv")


def test_distances_are_found_once_and_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make(tmp_path, "--distances-only") == 0
    found = table(tmp_path)
    assert list(zip(found["normalisation"], found["width"], strict=True)) == [
        (normalisation, width) for normalisation in ("per_thousand", "training_set") for width in (8, 32)
    ]
    assert (found[["simulated", "theorem", "second_order", "published"]] > 0).all(axis=None)
    assert "sparse_accuracy" not in found
    monkeypatch.setattr(fig07_kernel_distance, "distances_at", None)
    assert make(tmp_path, "--distances-only") == 0
    assert make(tmp_path, "--distances-only", "--plot-only") == 0


def test_networks_stand_beside_at_their_best_rate(tmp_path: Path) -> None:
    assert make(tmp_path) == 0
    found = table(tmp_path).set_index(["normalisation", "width"])
    for series in ("dense", "sparse"):
        accuracies = found[f"{series}_accuracy"]
        assert accuracies.between(0, 1).all()
        assert (found[f"{series}_seeds"] == 2).all()
        assert accuracies["per_thousand", 32] == accuracies["training_set", 32]
        assert set(found[f"{series}_learning_rate"]) <= {10, 100, 1000}
    # The narrowest network has all its weights, so it is both.
    assert found.loc[("per_thousand", 8), "dense_accuracy"] == found.loc[("per_thousand", 8), "sparse_accuracy"]


def test_the_paper_preset_is_the_papers(tmp_path: Path) -> None:
    options = RECIPE.options(data=tmp_path, runs=tmp_path, out=tmp_path, preset="paper", seeds=1)
    points = RECIPE.points(options)
    assert len(points) == (7 + 6) * 7
    sparse = [point.run for point in points if point.series == "sparse"]
    assert {kept_weights(run.weights, run.network) for run in sparse} == {6352}
    assert {(run.training.epochs, run.training.batch_size, run.training.momentum) for run in sparse} == {(300, 256, 0)}
    jobs = stack_up([run for point in points for run in ImageStudy(options).describe(point)])
    # The dense networks of few weights learn with the sparse ones, wide ones alone.
    assert [len(job.runs) for job in jobs if isinstance(job, Stack)] == [7 * 7]
    assert len(jobs) == 1 + 6 * 7


def test_dry_run_and_plot_only_compute_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(tmp_path, "--dry-run") == 0
    told = capsys.readouterr().out
    assert "18 runs: 0 done" in told
    assert [line.split()[2] for line in told.splitlines() if "-static-" in line] == ["6,352"] * 6
    assert "time left on this machine, one after another: about " in told
    assert "MB on disk" in told
    assert make(tmp_path, "--plot-only") == 1
    assert "has none" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_width_that_cannot_be_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(tmp_path, "--widths", "700") == 1
    assert "width = 700" in capsys.readouterr().err
