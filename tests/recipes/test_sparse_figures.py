"""Figures of sparse networks in a tiny form, end to end."""

from pathlib import Path

import pandas as pd
import pytest

from asc.run_folder import find_runs
from data_prep.storage import PreparedSet
from models.weights.scheme import KeepsWeights
from recipes.registry import recipe_of
from tests.recipes.making import make, table, trained

FIG06 = recipe_of("koutini2021/fig06_sparse_width")
FIG13 = recipe_of("koutini2021/fig13_iterative_damped")
FIG14 = recipe_of("koutini2021/fig14_static_damped")
FIG15 = recipe_of("koutini2021/fig15_iterative_base")
FIG16 = recipe_of("koutini2021/fig16_static_base")

pytestmark = pytest.mark.trains

EPOCHS = ("--epochs", "4")


def test_every_width_keeps_the_weights_of_the_first(prepared: PreparedSet, tmp_path: Path) -> None:
    assert make(FIG06, prepared, tmp_path, *EPOCHS) == 0
    # Base and damped: W = 2 dense, shared by both ways; W = 3 static and iterative.
    assert trained(tmp_path) == 6
    figure = table(FIG06, tmp_path)
    assert figure["series"].unique().tolist() == [
        "base, static", "damped, static", "base, iterative", "damped, iterative"
    ]  # fmt: skip
    assert set(figure["width"]) == {2, 3}
    schemes = {scheme for run in find_runs([tmp_path / "runs"]) for scheme in run.description().weights}
    assert {(one.kind, one.base_width) for one in schemes if isinstance(one, KeepsWeights)} == {
        ("static", 2),
        ("iterative", 2),
    }
    shown = pd.read_csv(tmp_path / "figures" / f"{FIG06.name}-differences.csv")
    twins = shown[shown["configuration"].str.startswith("damped") & shown["compared_with"].str.startswith("base")]
    assert len(twins) == 3 * 2  # the dense network once, the wide one by two methods; parts
    assert (twins["configuration"].str.replace("damped", "base") == twins["compared_with"]).all()


def test_maps_of_sparse_networks_share_the_narrow_one(prepared: PreparedSet, tmp_path: Path) -> None:
    counts = []
    for recipe in (FIG13, FIG14, FIG15, FIG16):
        assert make(recipe, prepared, tmp_path, *EPOCHS) == 0
        counts.append(trained(tmp_path))
        figure = table(recipe, tmp_path)
        assert figure["width"].tolist() == [2, 3]
        assert set(figure["pointwise_depth"]) == {0}
        assert figure["damping"].notna().all() == ("damped" in recipe.name)
    assert counts == [2, 3, 5, 6]


def test_the_paper_trains_sparse_networks_longer() -> None:
    options = FIG06.options(data=Path(), runs=Path(), out=Path(), preset="paper")
    points = FIG06.points(options)
    assert {point.run.epochs for point in points} == {350}
    for point in points:
        sparse = [scheme.base_width for scheme in point.run.weights if isinstance(scheme, KeepsWeights)]
        assert sparse == [64] * (point.run.network.width > 64)
    assert len({point.run for point in points}) == 22  # 66 runs of 3 seeds


def test_too_few_epochs_to_prune_in_are_an_error(
    prepared: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make(FIG13, prepared, tmp_path, "--epochs", "1") == 1
    assert "iterative.epochs" in capsys.readouterr().err
