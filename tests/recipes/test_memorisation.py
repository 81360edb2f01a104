"""Section 4's table in a tiny form, end to end."""

from pathlib import Path

import pandas as pd
import pytest

from asc.run_folder import find_runs
from data_prep.storage import PreparedSet
from recipes.koutini2021 import table_memorisation
from tests.recipes.making import make, table

pytestmark = pytest.mark.trains


def test_the_table_is_what_the_runs_know_of_their_training_clips(
    prepared: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make(table_memorisation.RECIPE, prepared, tmp_path, "--seeds", "2", "--widths", "2", "--epochs", "12") == 0
    assert "random labels" in capsys.readouterr().out
    figure = table(table_memorisation.RECIPE, tmp_path)
    assert figure["series"].tolist() == ["true labels", "random labels"]
    assert figure["seeds"].tolist() == [2, 2]
    assert figure["paper"].isna().all()
    runs = find_runs([tmp_path / "runs"])
    for labels, row in zip(("true", "random"), figure.to_dict("records"), strict=True):
        training = [run for run in runs if run.description().data.labels == labels]
        known = [pd.read_csv(run.metrics_file)["train_accuracy"].tolist()[2:] for run in training]
        assert all(len(seed) == 10 for seed in known)
        assert row["mean"] == pytest.approx(sum(map(sum, known)) / 20)
        assert {run.description().training.augmentations for run in training} == {()}


def test_the_papers_numbers_stand_beside_its_widths() -> None:
    assert table_memorisation.PUBLISHED["random labels", 32] == 0.8551
    options = table_memorisation.MemorisationOptions(data=Path(), runs=Path(), out=Path(), preset="paper")
    points = table_memorisation.RECIPE.points(options)
    assert [(point.series, point.run.network.width) for point in points] == [
        ("true labels", 32), ("true labels", 64), ("random labels", 32), ("random labels", 64)
    ]  # fmt: skip
