"""Figures B4, B5 and B11: what is trained, what of it is chosen, and what stands in the tables."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from asc.images.units import curves_of
from asc.run_folder import RunFolder, find_runs
from evaluation.units.removability import areas
from evaluation.units.settings import RemovabilitySettings
from recipes.casper2021 import students
from recipes.command import Recipe, run_recipe
from recipes.image_scores import best_rates
from recipes.images import ImageStudy
from recipes.points import Preset
from recipes.registry import recipe_of
from recipes.trained import Trained

FIGURE_B5 = recipe_of("casper2021/figb05_sigma_10")
FIGURE_B11 = recipe_of("casper2021/figb11_optimisers")

pytestmark = [pytest.mark.trains, pytest.mark.usefixtures("other_seeds")]


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sizes and two rates."""
    monkeypatch.setattr(students, "SIZES", (1 / 32, 1 / 16))
    monkeypatch.setitem(students.RATES, "demo", (0.1, 1e-6))


def asked(preset: Preset, **more: Any) -> students.StudentOptions:
    return FIGURE_B5.options(data=Path(), runs=Path(), out=Path(), preset=preset, **more)


def make(recipe: Recipe, folder: Path, *more: str) -> int:
    places = ["--data", str(folder), "--runs", str(folder / "runs"), "--out", str(folder / "figures")]
    return run_recipe(recipe, [*places, "--epochs", "2", "--seeds", "2", "--accelerator", "cpu", *more])


def validation_accuracy(folder: RunFolder) -> float:
    return float(json.loads(folder.result_file.read_text())["validation_accuracy"])


def test_the_paper_preset_is_the_papers() -> None:
    points = students.by_sigma(10_000, asked("paper"))
    assert len(points) == 10 * 2 * 5
    run = points[0].run
    assert (run.training.epochs, run.training.batch_size, run.training.momentum) == (50, 128, 0.9)
    assert run.data.teacher is not None
    assert (run.data.teacher.inputs, run.data.teacher.train, run.data.teacher.test) == (10_000, 1000, 1000)
    assert {point.run.training.optimizer for point in students.by_optimiser(10, asked("paper"))} == {"sgd", "adam"}


def test_the_published_codes_deviations_are_other_runs() -> None:
    for deviations in ("equal", "published-code"):
        points = students.by_optimiser(10, asked("paper", deviations=deviations))
        assert {point.run.start.deviations for point in points} == {deviations}


def test_a_figure_takes_the_best_rate_and_measures_units(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(FIGURE_B5, tmp_path, "--sigmas", "0.01", "1") == 0
    assert len(find_runs([tmp_path / "runs"])) == 2 * 2 * 2 * 2
    table = pd.read_csv(tmp_path / "figures/casper2021/figb05_sigma_10.csv")
    assert table["series"].tolist() == ["σ = 0.01"] * 2 + ["σ = 1"] * 2
    assert table["size"].tolist() == [1 / 32, 1 / 16] * 2
    assert table["removability"].between(0, 1).all()
    assert (table["seeds"] == 2).all()
    found = [(run.description(), run) for run in find_runs([tmp_path / "runs"])]
    scores = pd.DataFrame(
        [
            (run.start.sigma, run.network.width, run.training.learning_rate, validation_accuracy(folder))
            for run, folder in found
        ]
    )
    means = scores.groupby([0, 1, 2])[3].mean()
    best = means.groupby(level=[0, 1]).idxmax()  # of equals the first, whose rate is the smaller
    assert table["learning_rate"].tolist() == [rate for _sigma, _width, rate in best]
    row = table.iloc[0]
    same = [
        folder
        for run, folder in found
        if run.network.width == 4 and run.start.sigma == 0.01 and run.training.learning_rate == row["learning_rate"]
    ]
    paper = RemovabilitySettings()
    expected = np.mean([areas(curves_of(folder, tmp_path, paper, "cpu"), paper).mean() for folder in same])
    assert row["removability"] == pytest.approx(expected)
    capsys.readouterr()
    assert make(FIGURE_B5, tmp_path, "--sigmas", "0.01", "1", "--dry-run") == 0
    assert "16 runs: 16 done, 0 partial, 0 missing" in capsys.readouterr().out


def test_optimisers_are_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recipes.casper2021.units_by_size._INPUTS", 12)
    assert make(FIGURE_B11, tmp_path) == 0
    table = pd.read_csv(tmp_path / "figures/casper2021/figb11_optimisers.csv")
    assert table["series"].tolist() == ["momentum"] * 2 + ["SGD"] * 2 + ["Adam"] * 2
    assert table.loc[table["series"] == "Adam", "learning_rate"].tolist() == [1e-3, 1e-3]


def test_the_best_rate_is_by_validation_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = FIGURE_B5.options(data=tmp_path, runs=tmp_path, out=tmp_path, seeds=2)
    points = [point for point in students.by_sigma(10, asked("demo"), (0.01,)) if point.run.network.width == 4]
    runs_of = {point: [RunFolder.of(run, tmp_path) for run in ImageStudy(options).describe(point)] for point in points}
    scores = dict(zip(points, ((0.5, 0.6), (0.7, 0.6)), strict=True))
    for point, folders in runs_of.items():
        for folder, score in zip(folders, scores[point], strict=True):
            folder.path.mkdir(parents=True)
            folder.result_file.write_text(f'{{"validation_accuracy": {score}, "test_accuracy": {1 - score}}}')
    trained = Trained(runs_of=runs_of, data="", preset="demo", accelerator="cpu")
    assert best_rates(trained) == [points[1]]
    tie = replace(points[0], run=replace(points[0].run, training=replace(points[0].run.training, learning_rate=1.0)))
    runs_of[tie] = runs_of[points[1]]
    assert best_rates(trained) == [points[1]]
