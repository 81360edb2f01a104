"""Every accuracy figure in a tiny form, end to end; and what a recipe promises: shared runs, honest partial plots."""

from pathlib import Path

import pandas as pd
import pytest

from data_prep.storage import PreparedSet
from models.weights.damping import Damping
from recipes.registry import recipe_of
from tests.recipes.making import make, table, trained

FIG01 = recipe_of("koutini2021/fig01_parameters")
FIG03 = recipe_of("koutini2021/fig03_width")
FIG04 = recipe_of("koutini2021/fig04_depth")
FIG05 = recipe_of("koutini2021/fig05_pointwise_depth")
FIG17 = recipe_of("koutini2021/fig17_parameters")

RECIPES = [FIG01, FIG03, FIG04, FIG05]


def test_figures_share_runs_and_are_drawn_whole(prepared: PreparedSet, tmp_path: Path) -> None:
    counts = []
    for recipe in RECIPES:
        assert make(recipe, prepared, tmp_path) == 0
        counts.append(trained(tmp_path))
        for suffix in (".png", ".pdf"):
            assert (tmp_path / "figures" / recipe.name).with_suffix(suffix).stat().st_size > 5_000
    # Damped: W = 2, 3; D = 2; K = 0; W = 3 with D = 2. Then base W = 2, 3; then base D = 2; then base K = 0.
    assert counts == [5, 7, 8, 9]
    # All but one of the base network's four ways of scaling are trained by now.
    assert make(FIG17, prepared, tmp_path) == 0
    assert trained(tmp_path) == 10
    figure = table(FIG03, tmp_path)
    assert figure[["series", "width"]].drop_duplicates().to_numpy().tolist() == [
        ["base", 2], ["damped", 2], ["base", 3], ["damped", 3]
    ]  # fmt: skip
    assert set(figure["part"]) == {"seen", "unseen"}
    assert figure["mean"].between(0, 1).all()
    scaling = table(FIG01, tmp_path)
    assert scaling["series"].nunique() == 4
    assert scaling["parameters"].nunique() == 5


def test_a_second_launch_trains_nothing_and_draws_the_same(
    prepared: PreparedSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert make(FIG03, prepared, tmp_path, "--widths", "2") == 0
    files = {path: path.read_bytes() for path in (tmp_path / "figures").rglob("*.*")}
    monkeypatch.setattr("asc.training._train", lambda *_: pytest.fail("trained again"))
    assert make(FIG03, prepared, tmp_path, "--widths", "2") == 0
    assert {path: path.read_bytes() for path in files} == files


def test_comparisons_are_those_of_the_paper_and_on_the_same_clips(prepared: PreparedSet, tmp_path: Path) -> None:
    assert make(FIG03, prepared, tmp_path, "--seeds", "2") == 0
    shown = pd.read_csv(tmp_path / "figures/koutini2021/fig03_width-differences.csv", keep_default_na=False)
    # Four points against themselves; two pairs of twins; both ends of two series; seen and unseen.
    assert shown["question"].value_counts().to_dict() == {
        "unseen less seen": 4,
        "damped with base": 4,
        "widest with narrowest": 4,
    }
    figure = table(FIG03, tmp_path).set_index(["series", "width", "part"])["mean"]
    row = shown[(shown["compared_with"] == "base, W=3 D=1 K=1") & (shown["part"] == "unseen")].iloc[0]
    assert row["configuration"] == "damped, W=3 D=1 K=1"
    assert row["difference"] == pytest.approx(figure["damped", 3, "unseen"] - figure["base", 3, "unseen"])
    shown = pd.read_csv(tmp_path / "figures/koutini2021/fig03_width-differences.csv")
    outside = (shown["low"] > 0) | (shown["high"] < 0)
    assert not (shown["verdict"].isin(["higher", "lower"]) & ~outside).any()
    assert (shown["p_holm"] >= shown["p"])[shown["p"].notna()].all()


def test_a_dry_run_counts_and_trains_nothing(
    prepared: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make(FIG03, prepared, tmp_path, "--widths", "2") == 0
    capsys.readouterr()
    assert make(FIG03, prepared, tmp_path, "--dry-run") == 0
    output = capsys.readouterr().out
    assert "4 runs: 2 done, 0 partial, 2 missing" in output
    assert trained(tmp_path) == 2
    (tmp_path / "figures").joinpath("koutini2021", "fig03_width.csv").unlink()
    assert "MB on disk" in output


def test_a_partial_plot_says_what_is_missing(
    prepared: PreparedSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert make(FIG03, prepared, tmp_path, "--widths", "2") == 0
    footers: list[str] = []
    monkeypatch.setattr(
        "recipes.drawing.save_figure", lambda picture, target: footers.append(picture.footer) or [target]
    )
    assert make(FIG03, prepared, tmp_path, "--plot-only") == 0
    assert "PARTIAL: 2 of 4 runs are missing" in footers[0]
    assert "preset demo" in footers[0]
    # The preset has 50 epochs, 3 seeds and the widths of the grid.
    assert "2 runs (epochs 1; seeds 0; width 2; depth 1; pointwise depth 1)" in footers[0]
    assert trained(tmp_path) == 2


def test_nothing_to_plot_is_still_a_plot_that_says_so(prepared: PreparedSet, tmp_path: Path) -> None:
    assert make(FIG04, prepared, tmp_path, "--plot-only") == 0
    assert table(FIG04, tmp_path).empty


def test_the_paper_preset_is_the_papers_grid() -> None:
    points = FIG03.points(FIG03.options(data=Path(), runs=Path(), out=Path(), preset="paper"))
    assert len(points) == 14
    assert max(point.run.network.width for point in points) == 512
    points = FIG01.points(FIG01.options(data=Path(), runs=Path(), out=Path(), preset="paper"))
    # 7 widths, 4 further D, 5 further K, 4 of W x D
    assert len({point.run.network for point in points}) == 20
    assert {point.run.weights for point in points} == {(Damping(edge=0.1),)}


def test_no_seeds_is_an_error(prepared: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(FIG03, prepared, tmp_path, "--seeds", "0") == 1
    assert "seeds" in capsys.readouterr().err
