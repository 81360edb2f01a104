"""Networks of runs: as many weights as are asked for, from the same start for the same seed."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from asc.images.task import ImageTask
from asc.networks import build_network, initial_network
from asc.run import Run
from common.errors import ConfigError
from data_prep.images.sets import LabelledSet
from models.initialisation import Start
from models.prunable import prunable
from models.registry import network_settings
from models.weights.bottleneck import LinearBottleneck
from models.weights.damping import Damping
from models.weights.dct import DctSparsity
from models.weights.hyperplane import RandomHyperplane
from models.weights.pruned import PrunedAtStart
from models.weights.scheme import Scheme
from models.weights.sparse import StaticSparsity

SMALL = network_settings("resnet18", width=2, classes=4)
KAIMING = Start(init="kaiming")


def laid(run: Run, *schemes: Scheme, **changes: Any) -> torch.nn.Module:
    return build_network(replace(run, weights=schemes, **changes))


def kept(network: torch.nn.Module) -> list[int]:
    return [int((layer.weight != 0).sum()) for layer in prunable(network).values()]


@pytest.mark.parametrize(
    "init", ["torch", "kaiming", "he-normal", "glorot-uniform", "student", "fan-in-normal", "truncated-normal"]
)
def test_weights_start_by_the_seed(run: Run, init: str) -> None:
    described = replace(run, start=Start(init=init))
    next_seed = replace(described, seed=described.seed + 1)
    first = build_network(described).state_dict()
    torch.manual_seed(99)
    again, other = (build_network(one).state_dict() for one in (described, next_seed))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["hidden.weight"], other["hidden.weight"])


def test_a_network_leaves_the_random_state_as_it_was(run: Run) -> None:
    torch.manual_seed(99)
    expected = torch.rand(3)
    torch.manual_seed(99)
    initial_network(run)
    assert torch.equal(torch.rand(3), expected)


def test_schemes_are_laid_over_the_initial_network(run: Run) -> None:
    initial = initial_network(replace(run, network=SMALL))
    damped = laid(run, Damping(edge=1.0), network=SMALL)
    for name, layer in prunable(initial).items():
        assert torch.equal(layer.weight, damped.get_submodule(name).weight)  # type: ignore[arg-type]


def test_sparse_networks_keep_what_is_asked_for(run: Run) -> None:
    assert kept(laid(run, StaticSparsity(kept=(50, 11)))) == [50, 11]
    for allocation in ("water_level", "uniform"):
        scheme = StaticSparsity(kept=(500,), allocation=allocation)  # type: ignore[arg-type]
        assert sum(kept(laid(run, scheme, network=SMALL))) == 500


@pytest.mark.parametrize("method", ["snip", "synflow", "magnitude", "random"])
def test_pruned_networks_keep_what_is_asked_for(run: Run, sets: dict[str, LabelledSet], method: Any) -> None:
    described = replace(run, start=KAIMING, weights=(PrunedAtStart(kept=(100,), method=method, iterations=2),))
    batches = ImageTask(described, sets["mnist"], torch.device("cpu")).scored(described)
    assert sum(kept(build_network(described, batches))) == 100


def test_the_other_schemes_are_laid(run: Run) -> None:
    dct = laid(run, DctSparsity(kept=(40,)))
    assert sum(p.numel() for n, p in dct.named_parameters() if "bias" not in n) == 40 + 2  # a factor for each transform
    wide = network_settings("mlp", width=12, classes=4, inputs=36)
    low = laid(run, LinearBottleneck(base_width=6), network=wide)
    assert torch.linalg.matrix_rank(low.hidden.weight) == 3  # type: ignore[arg-type,union-attr]
    plane = laid(run, RandomHyperplane(dimension=7, projection="dense"))
    assert sum(p.numel() for p in plane.parameters() if p.requires_grad) == 7


def test_what_does_not_fit(run: Run) -> None:
    with pytest.raises(ConfigError, match="kept"):
        laid(run, StaticSparsity(kept=(50, 11, 3)))
    with pytest.raises(ConfigError, match="init"):
        laid(run, network=SMALL, start=Start(init="student"))


def test_transforms_of_a_fixup_network_are_scaled(run: Run) -> None:
    network = network_settings("fixup-resnet", width=2, classes=4)
    for scale, first in (("one", {1.0}), ("fixup", set()), ("fixup-published", set())):
        built = laid(run, DctSparsity(kept=(500,), scale=scale), network=network)  # type: ignore[arg-type]
        alphas = [float(value.detach()) for name, value in built.named_parameters() if name.endswith("alpha")]
        assert alphas[0] == 1
        assert (set(alphas) == first) == (scale == "one")
        assert (alphas[-1] == 0) == (scale != "one")


def test_the_loss_that_scores_is_the_schemes(run: Run, sets: dict[str, LabelledSet]) -> None:
    kept = []
    for loss in ("cross_entropy", "neg_logit"):
        scheme = PrunedAtStart(kept=(60,), method="snip", scoring_loss=loss)  # type: ignore[arg-type]
        described = replace(run, start=KAIMING, weights=(scheme,))
        batches = ImageTask(described, sets["mnist"], torch.device("cpu")).scored(described)
        kept.append(build_network(described, batches).hidden.weight != 0)  # type: ignore[union-attr]
    assert not torch.equal(*kept)
