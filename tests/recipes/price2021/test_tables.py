"""Tables 1 and 2: differences to the dense network, and exact counts."""

import json
from pathlib import Path

import pandas as pd
import pytest

from asc.run_folder import RunFolder
from recipes.command import run_recipe
from recipes.price2021.table01_accuracy import RECIPE, accuracy_drops
from recipes.registry import recipe_of
from recipes.trained import Trained


def test_counts_are_the_papers(tmp_path: Path) -> None:
    assert run_recipe(recipe_of("price2021/table02_parameters"), ["--out", str(tmp_path)]) == 0
    table = pd.read_csv(tmp_path / "price2021/table02_parameters.csv")
    assert table["weights"].tolist() == table["published_weights"].tolist()
    assert table["bias_and_batch_norm"].tolist() == table["published_bias_and_batch_norm"].tolist()
    assert table["total"].tolist() == [23_520_842, 20_035_018, 2_296_922, 1_720_138, 11_173_962]
    assert table["layers"].tolist() == [54, 17, 58, 110, 21]
    assert table["filters"].tolist() == [26_570, 5_514, 17_554, 4_058, 4_810]


def test_differences_are_to_the_dense_network(tmp_path: Path) -> None:
    options = RECIPE.options(data=tmp_path, runs=tmp_path, out=tmp_path, preset="paper")
    accuracies = {"dense": 0.7, "Sparse (uniform)": 0.5, "FORCE": None, "SynFlow": 0.6, "DCTpS": 0.65}
    runs_of = {}
    for number, point in enumerate(RECIPE.points(options)):
        folder = RunFolder(tmp_path / f"{number}")
        folder.path.mkdir()
        accuracy = accuracies[point.series]
        result = {"failure": "zero"} if accuracy is None else {"test_accuracy": accuracy, "parameters": 5}
        folder.write_description(point.run)
        folder.result_file.write_text(json.dumps(result | {"epochs": 160 - number}))
        runs_of[point] = [folder]
    table = accuracy_drops(Trained(runs_of=runs_of, data="", preset="paper", accelerator="cpu")).set_index("method")
    assert table["1 %"].drop("IMP").to_dict() == pytest.approx(
        {"Sparse (uniform)": -20, "FORCE": 100 * (0.01 - 0.7), "SynFlow": -10, "DCTpS": -5}
    )
    assert pd.isna(table.loc["IMP", "0.01 %"])
    assert table.loc["DCTpS", "published 0.01 %"] == -22.8
    assert table.loc["FORCE", ["cost at init.", "size final"]].tolist() == ["O(mnk)", "O(PN)"]
    picture = RECIPE.draw(options, Trained(runs_of=runs_of, data="", preset="paper", accelerator="cpu"))
    assert len(picture.table) == 5
    assert "13 runs (epochs 148 to 160; seeds 0; width 64)" in picture.footer
