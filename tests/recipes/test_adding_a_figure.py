"""docs/adding-a-figure.md: its example is a whole recipe, in one file."""

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

from recipes.command import run_recipe
from tests.tiny_images import write_tiny_images

DOC = Path(__file__).parents[2] / "docs/adding-a-figure.md"


def test_the_example_trains_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "few_weights.py").write_text(example, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    from few_weights import RECIPE  # type: ignore[import-not-found]

    monkeypatch.delitem(sys.modules, "few_weights")
    write_tiny_images("mnist", tmp_path / "images", monkeypatch)
    places = ["--data", str(tmp_path / "images"), "--runs", str(tmp_path / "runs"), "--out", str(tmp_path)]
    how = ["--preset", "paper", "--epochs", "1", "--seeds", "2", "--accelerator", "cpu"]
    assert run_recipe(RECIPE, [*places, *how]) == 0
    table = pd.read_csv(tmp_path / "mine/few_weights.csv")
    assert table.groupby("series", sort=False)["kept"].apply(list).to_dict() == {
        "sparse": [500, 2000, 8000],
        "transform plus sparse": [500, 2000, 8000],
    }
    assert (table["seeds"] == 2).all()
    assert (tmp_path / "mine/few_weights.png").is_file()
