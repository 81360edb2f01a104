"""Figure 4: which perceptrons, trained together, and what stands in the table."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from asc.run import Stack
from asc.run_folder import find_runs
from asc.stacks import stack_up
from data_prep.images.sets import LabelledSet, Part
from models.weights.schemes import kept_weights
from recipes.command import run_recipe
from recipes.golubeva2021.fig04_connectivity import RECIPE
from recipes.images import ImageStudy

pytestmark = pytest.mark.trains


@pytest.fixture
def digits(monkeypatch: pytest.MonkeyPatch) -> LabelledSet:
    generator = np.random.default_rng(0)
    labels = np.arange(200) % 10
    images = generator.integers(0, 90, (200, 1, 28, 28))
    images[np.arange(200), 0, 2 * labels] += 120
    part = Part(images.astype(np.uint8), labels.astype(np.int64))
    found = LabelledSet.of("mnist", tuple("0123456789"), part, part)
    for module in ("asc.images.task", "recipes.images"):
        monkeypatch.setattr(f"{module}.load", lambda _name, _folder, **_how: found)
    monkeypatch.setitem(RECIPE.points.__globals__["_EXAMPLES"], "demo", 150)
    return found


def arguments(folder: Path) -> list[str]:
    places = ["--data", str(folder), "--runs", str(folder / "runs"), "--out", str(folder / "figures")]
    return [*places, "--seeds", "2", "--epochs", "1", "--accelerator", "cpu", "--widths", "5", "20"]


def test_the_paper_preset_is_the_papers(digits: LabelledSet, tmp_path: Path) -> None:
    options = RECIPE.options(data=tmp_path, runs=tmp_path, out=tmp_path, preset="paper", seeds=1)
    points = RECIPE.points(options)
    assert len(points) == 80
    run = points[0].run
    assert (run.training.epochs, run.training.batch_size, run.training.learning_rate) == (300, 100, 0.1)
    assert run.data.split.train_examples is None
    wanted = [run for point in points for run in ImageStudy(options).describe(point)]
    assert {kept_weights(run.weights, run.network) for run in wanted} == {None, 3970}
    jobs = stack_up(wanted)
    assert [isinstance(job, Stack) and len(job.runs) for job in jobs] == [40, 40]


def test_nothing_to_draw_is_said(digits: LabelledSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_recipe(RECIPE, [*arguments(tmp_path), "--plot-only"]) == 1
    assert "none of this figure's runs is finished" in capsys.readouterr().err


def test_every_cell_is_trained_and_drawn(
    digits: LabelledSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_recipe(RECIPE, arguments(tmp_path)) == 0
    assert "relu: " in capsys.readouterr().out
    assert len(find_runs([tmp_path / "runs"])) == 2 * 2 * 7
    table = pd.read_csv(tmp_path / "figures/golubeva2021/fig04_connectivity.csv")
    assert table.groupby("activation", sort=False).size().to_dict() == {"relu": 7, "linear": 7}
    sparse = table[table["width"] == 20]
    assert np.allclose(sparse["connectivity"], 3970 / (20 * 794))
    assert sparse["last_layer"].round(2).tolist() == [1.0, 0.82, 0.64, 0.46, 0.28, 0.1] * 2
    assert (table["seeds"] == 2).all()
    assert table["accuracy"].between(0, 100).all()
    # Half of the figure draws too, and says so.
    next((tmp_path / "runs").glob("demo-*/seed-1/result.json")).unlink()
    assert run_recipe(RECIPE, [*arguments(tmp_path), "--plot-only"]) == 0
    table = pd.read_csv(tmp_path / "figures/golubeva2021/fig04_connectivity.csv")
    assert (table["seeds"] == 1).sum() == 1
