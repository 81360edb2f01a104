"""The ResNet-18s of Golubeva 2021: which are trained, and how, at the paper's settings."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.utils import parametrize

from asc.networks import build_network
from data_prep.images.augmentation import AUGMENTATIONS
from models.counts import network_counts
from models.prunable import prunable
from models.weights.bottleneck import LinearBottleneck
from models.weights.masked import masks_of
from models.weights.schemes import kept_weights
from models.weights.sparse import StaticSparsity
from recipes.command import Recipe
from recipes.golubeva2021.layer_counts import budget_of
from recipes.golubeva2021.resnets import Family, Images, Method, ResNetPoint
from recipes.registry import recipe_of

FIG01 = recipe_of("golubeva2021/fig01_width")
FIG05 = recipe_of("golubeva2021/fig05_weights")
FIG06 = recipe_of("golubeva2021/fig06_improvement")
FIG09 = recipe_of("golubeva2021/fig09_kernels")
FIG11 = recipe_of("golubeva2021/fig11_connectivity")
FIG12 = recipe_of("golubeva2021/fig12_imagenet")
FIG13 = recipe_of("golubeva2021/fig13_training")
TABLE01 = recipe_of("golubeva2021/table01_imagenet")


def points_of(recipe: Recipe, **options: Any) -> list[ResNetPoint]:
    assert recipe.points is not None
    places = {name: Path() for name in ("data", "runs", "out")}
    points: list[ResNetPoint] = recipe.points(recipe.options(**places, **({"preset": "paper"} | options)))
    return points


def family(images: Images = "cifar10", base_width: int = 8, *widths: int) -> Family:
    return Family(images=images, base_widths=(base_width,), widths=widths, preset="paper")


def test_base_widths_have_the_papers_weights_and_wider_networks_keep_them() -> None:
    points = points_of(FIG05, sets=("cifar100",))
    dense = [point for point in points if point.method == "dense"]
    assert [point.base_width for point in dense] == [8, 12, 18, 40, 64]
    assert [point.series for point in dense] == ["1.8e5", "4.0e5", "9.0e5", "4.4e6", "1.1e7"]
    budgets = {point.base_width: budget_of(point.base_width, point.base_width) for point in dense}
    for point in points:
        kept = kept_weights(point.run.weights, point.run.network) or network_counts(point.run.network).weights
        assert kept == budgets[point.base_width]
        assert point.run.network.width > point.base_width or point.method == "dense"


def test_small_images_are_learnt_as_the_paper_says() -> None:
    for point in points_of(FIG05, base_widths=(18,)):
        learning, data = point.run.training, point.run.data
        assert (learning.epochs, learning.batch_size, learning.milestones) == (300, 128, (50, 120, 200))
        assert (learning.learning_rate, learning.momentum, learning.factor) == (0.1, 0.9, 0.1)
        assert (learning.optimizer, learning.schedule, learning.weight_decay) == ("sgd", "steps", 5e-4)
        assert data.augmentation == AUGMENTATIONS["golubeva2021"]
        assert (data.normalisation, data.split.train_examples, data.split.test_examples) == ("imagenet", None, None)
    shorter = points_of(FIG05, base_widths=(18,), epochs=30)[0].run.training
    assert (shorter.epochs, shorter.milestones) == (30, (5, 12, 20))


def test_imagenet_is_learnt_as_the_paper_says() -> None:
    points = points_of(TABLE01)
    for point in points:
        learning, data = point.run.training, point.run.data
        assert (learning.epochs, learning.schedule, learning.weight_decay) == (150, "cosine", 1e-4)
        assert (learning.learning_rate, learning.momentum) == (0.1, 0.9)
        assert (data.name, data.augmentation) == ("imagenet", AUGMENTATIONS["golubeva2021-imagenet"])
    millions = {point.run.network.width: network_counts(point.run.network).weights / 1e6 for point in points}
    assert {width: round(count, 1) for width, count in millions.items()} == {
        64: 11.7,
        90: 22.8,
        128: 45.7,
        181: 90.7,
        256: 180.6,
    }
    sparse = [point.run for point in points if point.method == "sparse"]
    assert {round((kept_weights(run.weights, run.network) or 0) / 1e6, 1) for run in sparse} == {11.7}


def test_figures_share_their_runs() -> None:
    runs = {
        recipe: {point.run for point in points_of(recipe, sets=sets)}
        for recipe, sets in (
            (FIG01, ("cifar100",)),
            (FIG05, ("cifar100",)),
            (FIG06, ("cifar100",)),
            (FIG09, ("cifar100",)),
            (FIG11, ("cifar100",)),
            (FIG13, ("cifar100",)),
            (FIG12, ()),
            (TABLE01, ()),
        )
    }
    assert runs[FIG05] == runs[FIG11] == runs[FIG13]
    assert runs[FIG01] < runs[FIG05] < runs[FIG06]
    assert not any(run.weights for run in runs[FIG06] - runs[FIG05])
    assert {type(scheme) for run in runs[FIG09] - runs[FIG05] for scheme in run.weights} == {StaticSparsity}
    assert all(scheme.io_only for run in runs[FIG09] - runs[FIG05] for scheme in run.weights)  # type: ignore[attr-defined]
    assert runs[FIG12] == runs[TABLE01]
    assert {point.run for point in points_of(FIG01)} > runs[FIG01]
    assert {point.run.network.width for point in points_of(FIG01, sets=("imagenet",))} == {64, 90, 128, 181, 256}


@pytest.mark.parametrize("method", ["sparse", "sparse kernels"])
def test_sparse_networks_start_as_the_papers_code_draws_them(method: Method) -> None:
    base, wide = (point.run for point in family("cifar10", 4, 9).widened(method))
    network = build_network(wide)
    dense = build_network(family("cifar10", 9).dense(9).run)
    masks = masks_of(network)
    kept = {
        name: int(masks[name].sum()) if name in masks else layer.weight.numel()
        for name, layer in prunable(network).items()
    }
    budget = network_counts(base.network).weights
    assert abs(sum(kept.values()) - budget) <= (0 if method == "sparse" else 9 * len(masks))
    for name, layer in prunable(network).items():
        theirs = prunable(dense)[name].weight.detach()
        if name not in masks:
            assert torch.equal(layer.weight.detach(), theirs)
            continue
        assert parametrize.is_parametrized(layer, "weight")
        # Uniform within 1 / sqrt(fan-in x connectivity), zero elsewhere.
        bound = (theirs[0].numel() * kept[name] / theirs.numel()) ** -0.5
        mine = layer.weight.detach()[masks[name]]
        assert mine.abs().max() <= bound * (1 + 1e-6)
        assert mine.std() == pytest.approx(bound / 3**0.5, rel=6 / len(mine) ** 0.5)
        if method == "sparse kernels":
            assert set(masks[name].flatten(2).float().mean(dim=2).unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize(("base", "widths"), [(8, (18, 48)), (18, (32, 64))])
def test_a_non_linear_bottleneck_keeps_the_number_of_weights(base: int, widths: tuple[int, ...]) -> None:
    dense, *narrowed = family("cifar10", base, *widths).widened("non-linear bottleneck")
    assert [point.run.network.width for point in narrowed] == list(widths)
    budget = network_counts(dense.run.network).weights
    for point in narrowed:
        assert network_counts(point.run.network).weights == pytest.approx(budget, rel=0.025)


def test_a_network_that_no_bottleneck_makes_small_enough_is_left_out() -> None:
    dense, narrowed = family("cifar10", 8, 18, 64).widened("non-linear bottleneck")
    assert (dense.run.network.width, narrowed.run.network.width) == (8, 18)


def test_a_linear_bottleneck_is_laid_on_the_dense_width_too() -> None:
    dense, same, wide = family("cifar10", 4, 8).widened("linear bottleneck")
    assert dense.run.weights == ()
    laid = (LinearBottleneck(base_width=4),)
    assert [(point.run.network.width, point.run.weights) for point in (same, wide)] == [(4, laid), (8, laid)]
    unlaid = build_network(dense.run)
    for (name, layer), before in zip(prunable(build_network(same.run)).items(), prunable(unlaid).values(), strict=True):
        torch.testing.assert_close(layer.weight, before.weight, atol=1e-5, rtol=1e-4, msg=name)
    totals = [sum(p.numel() for p in build_network(point.run).parameters()) for point in (same, wide)]
    others = [network_counts(point.run.network).others for point in (same, wide)]
    assert totals[1] - others[1] == pytest.approx(totals[0] - others[0], rel=0.003)
