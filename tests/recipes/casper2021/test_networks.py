"""What is trained at `paper`, beside what Casper 2021 and its public code say; and what stands in Figure B1."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from asc.run import Run
from models.vision.inception import Inception3
from recipes.casper2021.cifar import ALL_REGULARISERS, alexnet, resnet56
from recipes.casper2021.imagenet import inception, inception_of, layer_of, resnet18
from recipes.casper2021.layers import INCEPTION_LAYERS
from recipes.casper2021.sizes import SizedPoint
from recipes.command import Recipe, run_recipe
from recipes.registry import recipe_of

FIGURE_1 = recipe_of("casper2021/fig01_accuracy")
FIGURE_2 = recipe_of("casper2021/fig02_ablation")
FIGURE_3 = recipe_of("casper2021/fig03_correlations")
FIGURE_4 = recipe_of("casper2021/fig04_imagenet")
FIGURE_5 = recipe_of("casper2021/fig05_random_labels")
FIGURE_6 = recipe_of("casper2021/fig06_initialisers")
FIGURE_B2 = recipe_of("casper2021/figb02_training_time")
FIGURE_B3 = recipe_of("casper2021/figb03_uniform")
FIGURE_B6 = recipe_of("casper2021/figb06_resnet56_layers")
FIGURE_B7 = recipe_of("casper2021/figb07_resnet18_layers")
FIGURE_B8 = recipe_of("casper2021/figb08_inception_layers")
FIGURE_B9 = recipe_of("casper2021/figb09_one_layer")
FIGURE_B10 = recipe_of("casper2021/figb10_regularisers")
FIGURE_B12 = recipe_of("casper2021/figb12_resnet18_batches")
FIGURE_B13 = recipe_of("casper2021/figb13_batches")


def points_of(recipe: Recipe, **given: Any) -> list[SizedPoint]:
    places = {"data": Path(), "runs": Path(), "out": Path()}
    assert recipe.points is not None
    return list(recipe.points(recipe.options(**places, **{"preset": "paper"} | given)))


def runs_of(recipe: Recipe, **given: Any) -> set[Run]:
    return {point.run for point in points_of(recipe, **given)}


def learning(run: Run, *names: str) -> list[Any]:
    return [getattr(run.training, name) for name in names]


def test_alexnet_is_trained_as_published() -> None:
    run = alexnet(1.0, "paper")
    assert learning(run, "epochs", "batch_size", "learning_rate", "momentum") == [500, 128, 0.01, 0.9]
    assert learning(run, "schedule", "factor", "patience", "keep") == ["exponential", 0.95, 50, "best-validation"]
    assert learning(run, "optimizer", "weight_decay") == ["sgd", 0.0]
    assert (run.data.split.validation, run.data.split.train_examples, run.data.normalisation) == (5000, None, "image")
    assert (run.data.augmentation.side, run.data.augmentation.resize, run.data.augmentation.flip) == (28, 32, False)
    random = alexnet(1.0, "paper", labels="random")
    assert learning(random, "epochs", "patience", "keep") == [5000, 25, "best-train"]
    assert random.data.labels == "random"


def test_alexnet_is_regularised_as_published() -> None:
    run = alexnet(1.0, "paper", **ALL_REGULARISERS)
    augmentation = run.data.augmentation
    assert (augmentation.crop, augmentation.flip, augmentation.brightness) == ("random", True, 63)
    assert augmentation.contrast == (0.2, 1.8)
    assert run.network.dropout == 0.5
    assert learning(run, "epochs", "weight_decay", "decayed") == [1000, 0.001, ("fc3.weight", "fc4.weight")]


def test_resnets_are_trained_as_published() -> None:
    run = resnet56(1.0, "paper", start="glorot-normal")
    assert learning(run, "epochs", "batch_size", "learning_rate", "milestones") == [182, 128, 0.1, (91, 136)]
    assert learning(run, "momentum", "weight_decay", "keep") == [0.9, 2e-4, "last"]
    assert (run.data.augmentation.padding, run.data.augmentation.flip) == (4, True)
    assert run.network.batch_norm_momentum == 0.003
    random = resnet56(1.0, "paper", start="lecun-normal", labels="random")
    assert random.training.weight_decay == 0
    assert random.data.augmentation.crop == "central"
    assert random.start.init == "lecun-normal"
    run = resnet18(1.0, "paper", start="glorot-normal", factor=4)
    assert learning(run, "epochs", "batch_size", "learning_rate", "milestones") == [90, 1024, 0.4, (30, 60, 80)]
    assert (run.data.name, run.training.weight_decay, run.network.classes) == ("imagenet", 1e-4, 1000)


def test_inception_is_trained_as_published() -> None:
    run = inception(inception_of(0.5), "paper")
    assert learning(run, "epochs", "optimizer", "weight_decay", "factor") == [90, "rmsprop", 4e-5, 0.96]
    assert run.training.milestones == (8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88)
    assert (run.start.init, run.start.sigma, run.data.augmentation.resize) == ("truncated-normal", 0.1, 299)
    network = run.network
    assert (network.width, network.layer, network.batch_norm_momentum) == (16, None, 0.0003)
    assert [layer_of(factor).layer for factor in (0.25, 0.5, 1, 2, 4)] == [72, 144, None, 576, 1152]
    assert [Inception3.sites[place] for place in INCEPTION_LAYERS] == ["Mixed_5d", "Mixed_6e", "Mixed_7c"]


@pytest.mark.parametrize(
    ("recipe", "paper", "demo"),
    [
        (FIGURE_1, 47, 29),
        (FIGURE_2, 10, 6),
        (FIGURE_3, 6, 6),
        (FIGURE_4, 12, 8),
        (FIGURE_5, 20, 12),
        (FIGURE_6, 15, 9),
        (FIGURE_B2, 20, 12),
        (FIGURE_B3, 15, 9),
        (FIGURE_B6, 5, 3),
        (FIGURE_B7, 5, 3),
        (FIGURE_B8, 3, 3),
        (FIGURE_B9, 5, 3),
        (FIGURE_B10, 25, 15),
        (FIGURE_B12, 18, 11),
        (FIGURE_B13, 29, 12),
    ],
)
def test_figures_train_as_many_networks_as_they_say(recipe: Recipe, paper: int, demo: int) -> None:
    assert len(runs_of(recipe)) == paper
    assert len(runs_of(recipe, preset="demo")) == demo
    assert all(run.data.name == "cifar10" for run in runs_of(recipe, preset="demo"))


@pytest.mark.parametrize("preset", ["paper", "demo"])
def test_figures_share_runs(preset: str) -> None:
    def has(whole: Recipe, *parts: Recipe) -> None:
        for part in parts:
            assert runs_of(part, preset=preset) <= runs_of(whole, preset=preset)

    has(FIGURE_1, FIGURE_4, FIGURE_5, FIGURE_6)
    has(FIGURE_6, FIGURE_2, FIGURE_3)
    has(FIGURE_5, FIGURE_B6)
    has(FIGURE_4, FIGURE_B7, FIGURE_B8, FIGURE_B9)
    has(FIGURE_B2, FIGURE_B7)
    has(FIGURE_B12, FIGURE_B7)
    unregularised = {point.run for point in points_of(FIGURE_6, preset=preset) if point.series == "Glorot"}
    assert unregularised <= runs_of(FIGURE_B10, preset=preset)
    assert len(unregularised & runs_of(FIGURE_B13, preset=preset)) >= 2


def test_sizes_of_every_series_are_the_papers() -> None:
    sizes = {}
    for point in points_of(FIGURE_4) + points_of(FIGURE_B12) + points_of(FIGURE_B13):
        sizes.setdefault(point.series, []).append(point.size)
    every = [0.25, 0.5, 1, 2, 4]
    assert sizes["Inception-v3"] == every[:3]
    # Batches beyond what the authors' machine held were not trained.
    assert sizes["AlexNet, k = 4"] == sizes["k = 4"] == every[:4]
    others = sizes.keys() - {"Inception-v3", "AlexNet, k = 4", "k = 4"}
    assert all(sizes[name] == every for name in others)
    batches = [point.run.training.batch_size for point in points_of(FIGURE_B12) if point.series == "largest batch"]
    assert batches == [8192, 4096, 3072, 1024, 512]


def test_parameters_are_the_papers(tmp_path: Path) -> None:
    assert run_recipe(recipe_of("casper2021/figb01_parameters"), ["--out", str(tmp_path)]) == 0
    table = pd.read_csv(tmp_path / "casper2021/figb01_parameters.csv").set_index(["series", "size"])["parameters"]
    assert table["10 dimensions", 1.0] == 1_666
    assert table["10,000 dimensions", 1.0] == 1_280_386
    assert table["AlexNet"].tolist() == [438_746, 1_749_930, 6_989_642, 27_938_442, 111_713_546]
    assert table["ResNet-56"].tolist() == [54_518, 215_362, 856_058, 3_413_482, 13_632_458]
    # torchvision's ResNet-18 has a projection less; its Inception-v3 without the second classifier is this one.
    assert table["ResNet-18", 1.0] == 11_689_512 + 64 * 64 + 2 * 64
    assert table["Inception-v3", 1.0] == table["one layer of Inception-v3", 1.0] == 23_834_568
    assert len(table) == 5 * 5 + 5 + 3
