"""Recipes are listed and run by name; scripts and recipes belong together."""

import runpy
import sys
from pathlib import Path

import pytest

from common.errors import ConfigError
from recipes.__main__ import main
from recipes.command import Recipe
from recipes.registry import all_recipes, recipe_of
from tests.conftest import ROOT

PAPERS = ("casper2021", "golubeva2021", "koutini2021")
SCRIPTS = sorted(
    file
    for paper in PAPERS
    for file in (ROOT / "recipes" / paper).glob("*.py")
    if "__main__" in file.read_text(encoding="utf-8") and file.stem != "kernels_page"  # draws four figures of a page
)
RECIPES = [recipe for name, recipe in all_recipes().items() if name.startswith(PAPERS)]
WITHOUT_RUNS = [
    "casper2021/figb01_parameters",
    "golubeva2021/fig08_allocation",
    "golubeva2021/fig10_layers",
    "koutini2021/fig02_devices",
    "koutini2021/table01_sizes",
]


def test_every_recipe_has_a_script_of_its_name() -> None:
    assert [f"{script.parent.name}/{script.stem}" for script in SCRIPTS] == [recipe.name for recipe in RECIPES]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: f"{script.parent.name}-{script.stem}")
def test_a_script_runs_the_recipe_of_its_name(
    script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(script), run_name="__main__")
    assert f"python -m recipes {script.parent.name}/{script.stem} --" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_description_begins_with_a_sentence(recipe: Recipe) -> None:
    assert recipe.title.endswith(".")
    assert recipe.about.strip().splitlines()[1:2] in ([], [""])


def test_all_figures_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(all_recipes())
    with pytest.raises(SystemExit) as stopped:  # the options that it needs are not given
        main(["koutini2021/fig09"])
    assert stopped.value.code == 2
    assert main(["koutini2021/fig1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 8


def test_a_figure_is_made_by_a_beginning_of_its_name(tmp_path: Path) -> None:
    assert main(["koutini2021/table01", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "koutini2021/table01_sizes.csv").is_file()


@pytest.mark.parametrize("command", [["koutini2021/fig3"], ["koutini2021/fig3", "--dry-run"]])
def test_the_nearest_names_of_an_unknown_one_are_told(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) == 1
    assert "koutini2021/fig03_width" in capsys.readouterr().err


def test_options_are_for_one_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["koutini2021/fig1", "--dry-run"]) == 1
    assert "koutini2021/fig10_pointwise_base, koutini2021/fig11_width_damped" in capsys.readouterr().err
    with pytest.raises(ConfigError):
        recipe_of("koutini2021/")


@pytest.mark.parametrize("name", WITHOUT_RUNS)
@pytest.mark.parametrize("option", ["--runs", "--ray-address", "--executor", "--epochs", "--seeds", "--plot-only"])
def test_a_recipe_without_runs_takes_no_options_of_runs(name: str, option: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([name, "--out", str(tmp_path), "--data", str(tmp_path), option, "1"])
    assert stopped.value.code == 2
