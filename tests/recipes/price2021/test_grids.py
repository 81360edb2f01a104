"""The paper's grids and hyper-parameters, and the runs that figures share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from asc.run import Run
from asc.run_folder import find_runs
from models.weights.dct import DctSparsity
from models.weights.pruned import PrunedAtStart
from models.weights.scheme import KeepsRandomWeights
from models.weights.schemes import find_scheme
from recipes.command import Recipe
from recipes.registry import recipe_of

FIGURE_1 = recipe_of("price2021/fig01_subspaces")
FIGURE_2 = recipe_of("price2021/fig02_density")
FIGURE_3 = recipe_of("price2021/fig03_small_networks")
FIGURE_6 = recipe_of("price2021/fig06_tiny_imagenet")
FIGURE_8 = recipe_of("price2021/fig08_filters")
FIGURE_9 = recipe_of("price2021/fig09_sgd")
FIGURE_10 = recipe_of("price2021/fig10_sgd_small")
TABLE_1 = recipe_of("price2021/table01_accuracy")


def runs(recipe: Recipe, **given: Any) -> set[Run]:
    options = recipe.options(data=Path(), runs=Path(), out=Path(), **{"preset": "paper"} | given)
    return {point.run for point in recipe.points(options)}


def allocation(run: Run) -> str | None:
    scheme = find_scheme(run.weights, KeepsRandomWeights)
    return scheme.allocation if isinstance(scheme, KeepsRandomWeights) else None


@pytest.mark.parametrize(
    ("recipe", "paper", "demo"),
    [
        (FIGURE_1, 192, 96),
        (FIGURE_2, 492, 96),
        (FIGURE_3, 198, 78),
        (FIGURE_6, 75, 30),
        (FIGURE_8, 204, 42),
        (FIGURE_9, 396, 78),
        (FIGURE_10, 174, 69),
        (TABLE_1, 39, 39),
    ],
)
def test_there_are_as_many_runs_as_said(recipe: Recipe, paper: int, demo: int) -> None:
    assert [3 * len(runs(recipe, preset=preset)) for preset in ("paper", "demo")] == [paper, demo]


@pytest.mark.parametrize("preset", ["paper", "demo"])
def test_runs_are_shared(preset: str) -> None:
    density = runs(FIGURE_2, preset=preset)
    assert runs(TABLE_1, preset=preset) < density
    filters = runs(FIGURE_8, preset=preset)
    assert {run for run in filters if allocation(run) != "equal_per_filter"} < density


def test_learning_is_table_4s() -> None:
    for run in runs(FIGURE_2) | runs(FIGURE_3):
        learning = run.training
        assert (learning.optimizer, learning.learning_rate, learning.schedule) == ("adam", 1e-3, "constant")
        assert (learning.epochs, learning.batch_size, learning.weight_decay) == (200, 128, 5e-4)
        assert (learning.keep, run.data.split.validation) == ("best-validation", 0.1)
        assert run.data.augmentation.padding == 4
        assert run.data.augmentation.flip
        assert learning.slowed == (("bias", "biases", "scale") if "fixup" in run.network.kind else ())
    for run in runs(FIGURE_9) | runs(FIGURE_10):
        learning = run.training
        assert learning.learning_rate == (0.03 if find_scheme(run.weights, DctSparsity) else 0.1)
        assert (learning.optimizer, learning.momentum, learning.milestones) == ("sgd", 0.9, (120, 160))
        assert (learning.schedule, learning.factor, learning.epochs) == ("steps", 0.1, 200)
        assert all(scheme.method == "iter_snip" for scheme in run.weights if isinstance(scheme, PrunedAtStart))
    for run in runs(FIGURE_1):
        assert (run.training.epochs, run.training.batch_size, run.training.optimizer) == (160, 64, "adam")
    for run in runs(FIGURE_6):
        assert (run.data.split.validation, run.training.keep) == (0, "last")


def test_networks_are_as_published() -> None:
    found = {(run.network.kind, run.data.name, run.network.width) for run in runs(FIGURE_2) | runs(FIGURE_10)}
    assert found == {
        *((network, data, 64) for network in ("resnet50", "vgg19") for data in ("cifar10", "cifar100")),
        ("mobilenetv2", "cifar100", 32),
        ("fixup-resnet", "cifar100", 16),
    }
    assert {run.network.kind for run in runs(FIGURE_6)} == {"resnet18"}
    assert {run.data.name for run in runs(FIGURE_2, sets=("cifar100",))} == {"cifar100"}
    assert {run.data.name for run in runs(FIGURE_10, preset="demo")} == {"cifar10"}


def test_rates_fall_at_the_same_shares_of_fewer_epochs(images: Path) -> None:
    options = FIGURE_9.options(data=images, runs=Path(), out=Path(), preset="paper", sets=("cifar10",), epochs=50)
    described = [run for point in FIGURE_9.points(options)[:2] for run in options.study().describe(point)]
    assert {(run.training.epochs, run.training.milestones) for run in described} == {(50, (30, 40))}


@pytest.mark.trains
def test_the_highest_validation_accuracy_is_of_held_out_examples(make: Callable[..., int], tmp_path: Path) -> None:
    assert make(FIGURE_6, "--densities", "0.5", "--sets", "cifar10") == 0
    table = pd.read_csv(tmp_path / "figures/price2021/fig06_tiny_imagenet.csv")
    results = [json.loads(run.result_file.read_text("utf-8")) for run in find_runs([tmp_path / "runs"])]
    assert sorted(table["mean"]) == pytest.approx(sorted(result["validation_accuracy"] for result in results))
