"""Accuracy by density: what is trained, which runs figures share, and what is drawn where a method fails."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from asc.run_folder import find_runs
from evaluation.style import mark
from recipes.command import Recipe
from recipes.price2021 import density_figures
from recipes.price2021.names import LOOKS
from recipes.registry import recipe_of

FIGURE_1 = recipe_of("price2021/fig01_subspaces")
FIGURE_3 = recipe_of("price2021/fig03_small_networks")
FIGURE_6 = recipe_of("price2021/fig06_tiny_imagenet")
FIGURE_8 = recipe_of("price2021/fig08_filters")

pytestmark = [pytest.mark.trains, pytest.mark.usefixtures("other_seeds")]


def test_a_method_that_fails_is_drawn_at_chance(
    make: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    panels = []
    draw = density_figures.draw_panels
    monkeypatch.setattr(density_figures, "draw_panels", lambda *args: panels.append(draw(*args)) or panels[-1])
    command = FIGURE_6, "--densities", "0.5", "0.0005"
    assert make(*command) == 0
    table = pd.read_csv(tmp_path / "figures/price2021/fig06_tiny_imagenet.csv").set_index(["series", "density"])
    assert len(table) == 1 + 3 * 2
    assert table["failed"].to_dict() == {
        key: int(key in [("FORCE", 0.0005), ("SynFlow", 0.0005)]) for key in table.index
    }
    assert (table["mean"].isna() == (table["failed"] == 1)).all()
    assert (table["chance"] == 0.1).all()
    lines = [line for line in panels[0].axes[0].lines if line.get_linestyle() == "--"]
    assert [line.get_ydata()[0] for line in lines[1:]] == [10.0, 10.0]  # of FORCE and SynFlow, at chance
    folder = next(
        run for run in find_runs([tmp_path / "runs"]) if "failure" in json.loads(run.result_file.read_text("utf-8"))
    )
    assert not folder.weights_file.exists()
    capsys.readouterr()
    assert make(*command, "--dry-run") == 0
    assert "7 runs: 7 done, 0 partial, 0 missing" in capsys.readouterr().out


def test_networks_have_panels_of_their_own(make: Callable[..., int], tmp_path: Path) -> None:
    assert make(FIGURE_3, "--densities", "0.3") == 0
    table = pd.read_csv(tmp_path / "figures/price2021/fig03_small_networks.csv")
    assert table.groupby("architecture", sort=False)["series"].apply(list).to_dict() == {
        "mobilenetv2": ["dense", "DCTpS", "FORCE", "SynFlow", "Sparse (EPL)", "Sparse (uniform)"],
        "fixup-resnet": ["dense", "DCTpS", "Sparse (EPL)", "Sparse (uniform)"],
    }
    assert (tmp_path / "figures/price2021/fig03_small_networks.png").stat().st_size > 10_000


@pytest.mark.parametrize("recipe", [FIGURE_1, FIGURE_3, FIGURE_8])
def test_series_of_a_figure_look_different(recipe: Recipe) -> None:
    options = recipe.options(data=Path(), runs=Path(), out=Path(), preset="paper")
    drawn = {point.series for point in recipe.points(options)} - {"dense"}
    assert len({mark(LOOKS[series])["color"] for series in drawn}) == len(drawn)
