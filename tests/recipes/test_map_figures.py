"""Every figure of effective receptive fields in a tiny form, end to end."""

from pathlib import Path

import numpy as np
import pytest

from asc.run_folder import find_runs
from asc.scenes.maps import read_map
from data_prep.storage import PreparedSet
from evaluation.erf import extent
from recipes.registry import recipe_of
from tests.recipes.making import make, table, trained

FIG07 = recipe_of("koutini2021/fig07_scaled")
FIG08 = recipe_of("koutini2021/fig08_damping")
FIG09 = recipe_of("koutini2021/fig09_pointwise_damped")
FIG10 = recipe_of("koutini2021/fig10_pointwise_base")
FIG11 = recipe_of("koutini2021/fig11_width_damped")
FIG12 = recipe_of("koutini2021/fig12_width_base")


def test_figures_share_runs_and_maps(prepared: PreparedSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    for recipe in (FIG07, FIG08, FIG09, FIG10, FIG11):
        assert make(recipe, prepared, tmp_path) == 0
        counts.append(trained(tmp_path))
        for suffix in (".png", ".pdf"):
            assert (tmp_path / "figures" / recipe.name).with_suffix(suffix).stat().st_size > 5_000
    # Damped (2,1,1), (2,2,1), (2,1,0), (3,1,1); base (2,1,1); none; base (2,1,0); damped (3,1,0).
    assert counts == [4, 5, 5, 6, 7]
    figure = table(FIG07, tmp_path)
    assert figure[["width", "depth", "pointwise_depth"]].to_numpy().tolist() == [
        [2, 1, 1], [2, 2, 1], [2, 1, 0], [3, 1, 1]
    ]  # fmt: skip
    assert figure["receptive_mels"].tolist() == [167, 231, 167, 167]
    assert (figure["mels_50"] <= figure["mels_95"]).all()
    kept = {run.path: run.map_file("features").stat().st_mtime_ns for run in find_runs([tmp_path / "runs"])}
    monkeypatch.setattr("asc.scenes.maps.erf_of_run", lambda *_: pytest.fail("computed again"))
    assert make(FIG07, prepared, tmp_path) == 0
    assert all(stamp == (path / "erf-features.npz").stat().st_mtime_ns for path, stamp in kept.items())


def test_the_numbers_are_each_seeds_own(prepared: PreparedSet, tmp_path: Path) -> None:
    assert make(FIG12, prepared, tmp_path, "--seeds", "2", "--widths", "3") == 0
    figure = table(FIG12, tmp_path)
    assert figure["seed"].tolist() == [0, 1]
    for row, run in zip(figure.to_dict("records"), find_runs([tmp_path / "runs"]), strict=True):
        held = extent(read_map(run.map_file("features")), 0.95)
        assert (row["mels_95"], row["frames_95"]) == (held.mels, held.frames)
        assert row["damping"] is None or np.isnan(row["damping"])


def test_the_other_reading_is_kept_beside_the_first(prepared: PreparedSet, tmp_path: Path) -> None:
    more = ("--widths", "2", "--epochs", "3", "--layer")
    assert make(FIG11, prepared, tmp_path, *more, "class-map") == 0
    assert set(table(FIG11, tmp_path)["layer"]) == {"class-map"}
    assert make(FIG11, prepared, tmp_path, *more, "features") == 0
    (run,) = find_runs([tmp_path / "runs"])
    maps = [read_map(run.map_file(layer)) for layer in ("features", "class-map")]
    assert maps[0].first == maps[1].first
    assert not np.allclose(maps[0].values, maps[1].values)


def test_without_a_finished_run_there_is_an_empty_figure(prepared: PreparedSet, tmp_path: Path) -> None:
    assert make(FIG08, prepared, tmp_path, "--plot-only") == 0
    assert (tmp_path / "figures" / FIG08.name).with_suffix(".csv").read_text() == "\n"
