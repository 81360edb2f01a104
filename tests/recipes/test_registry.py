"""Recipes are listed and run by name; scripts and recipes belong together."""

import runpy
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from common.errors import ConfigError
from recipes.__main__ import main
from recipes.command import Recipe
from recipes.registry import all_recipes, recipe_of
from recipes.scenes import SceneOptions
from tests.conftest import ROOT

SCRIPTS = sorted(
    file
    for file in (ROOT / "recipes").glob("*/*.py")
    if "__main__" in file.read_text(encoding="utf-8") and file.stem != "kernels_page"  # draws four figures of a page
)
# Recipes that train nothing, and which options of the others they take.
WITHOUT_RUNS = {
    "casper2021/figb01_parameters": set(),
    "golubeva2021/fig08_allocation": set(),
    "golubeva2021/fig10_layers": set(),
    "koutini2021/fig02_devices": {"data"},
    "koutini2021/table01_sizes": {"data"},
    "price2021/fig04_jacobian": {"data", "runs", "plot_only"},
    "price2021/fig05_layers": {"data", "runs"},
    "price2021/fig07_allocations": set(),
    "price2021/fig13_synflow_layers": {"runs"},
    "price2021/table02_parameters": set(),
}


def test_every_recipe_has_a_script_of_its_name() -> None:
    assert [f"{script.parent.name}/{script.stem}" for script in SCRIPTS] == list(all_recipes())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: f"{script.parent.name}-{script.stem}")
def test_a_script_runs_the_recipe_of_its_name(
    script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(script), run_name="__main__")
    assert f"python -m recipes {script.parent.name}/{script.stem} --" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("recipe", all_recipes().values(), ids=lambda recipe: recipe.name)
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


def test_recipes_without_runs_take_no_options_of_runs() -> None:
    of_runs = {field.name for field in fields(SceneOptions)} - {"out", "dry_run", "devices"}
    taken = {
        name: {field.name for field in fields(recipe.options) if field.init} & of_runs
        for name, recipe in all_recipes().items()
        if recipe.points is None
    }
    assert taken == WITHOUT_RUNS


def test_an_option_that_a_recipe_does_not_take_is_wrong_usage(tmp_path: Path) -> None:
    for option in ("--runs", "--data"):
        with pytest.raises(SystemExit) as stopped:
            main(["price2021/fig07", "--out", str(tmp_path), option, str(tmp_path)])
        assert stopped.value.code == 2
