"""The page's plots: four figures, and numbers that agree where they must."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kurtosis

from evaluation.kernels.pairs import Pairs
from recipes.golubeva2021 import kernels_page
from recipes.golubeva2021.kernels_page import main, moments
from tests.recipes.golubeva2021.making import QUICK, few_digits


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels_page, "load_images", lambda *_, **__: few_digits())
    monkeypatch.setitem(kernels_page._DRAWS, "demo", QUICK)


def test_an_interrupted_page_is_drawn_from_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["--data", str(tmp_path), "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]
    with monkeypatch.context() as patched:
        patched.setattr(kernels_page, "TITLES", {"gaussian": ""})
        assert main([*options, "--widths", "8", "64"]) == 0
    assert main([*options, "--plot-only"]) == 0
    assert len(pd.read_csv(tmp_path / "out" / "golubeva2021" / "kernels_range.csv")) == 2


def test_the_figures_and_their_numbers(tmp_path: Path) -> None:
    options = ["--data", str(tmp_path), "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]
    assert main([*options, "--widths", "8", "64", "--dry-run"]) == 0
    assert not list(tmp_path.iterdir())
    assert main([*options, "--widths", "8", "64"]) == 0
    folder = tmp_path / "out" / "golubeva2021"
    assert sorted(path.stem for path in folder.glob("*.png")) == [
        "kernels_diagonal",
        "kernels_digits",
        "kernels_gaussian",
        "kernels_range",
    ]
    table = pd.read_csv(folder / "kernels_range.csv")
    dense = table[table["width"] == 8]
    # Without sparsity both are the variance of a dense network, and nothing has a bias.
    assert dense["theorem"].tolist() == pytest.approx(dense["second_order"].tolist())
    assert dense["bias_published"].tolist() == dense["bias_second_order"].tolist() == [0, 0, 0]
    assert table["gaussian"].notna().tolist() == [True, True, False, False, False, False]
    diagonal = pd.read_csv(folder / "kernels_diagonal.csv")
    assert ((diagonal["diagonal_simulated"] - diagonal["diagonal_exact"]).abs() < diagonal["diagonal_exact"]).all()
    assert pd.read_csv(folder / "kernels_inputs.csv")["inputs"].tolist() == ["gaussian", "per_thousand", "training_set"]


def test_moments_are_those_of_centred_inputs() -> None:
    generator = np.random.default_rng(0)
    first = generator.laplace(size=(30, 784))
    first -= first.mean(axis=1, keepdims=True)
    found = moments(Pairs(first, -2 * first))
    assert found["kurtosis"] == pytest.approx(kurtosis(first, axis=1, fisher=False).mean())
    assert found["joint_moment"] == pytest.approx(found["kurtosis"])
    assert found["squared_norm"] == pytest.approx(first.var())
