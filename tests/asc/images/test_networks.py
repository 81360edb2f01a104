"""Networks of runs on images: as many weights as are asked for, from the same start for the same seed."""

from dataclasses import replace

import pytest
import torch

from asc.images.batches import ImageBatches
from asc.images.description import ImageNetwork, ImageRun, ImageWeights
from asc.images.networks import build_network
from common.errors import ConfigError
from data_prep.images.sets import LabelledSet
from models.prunable import prunable

SMALL = ImageNetwork.of("resnet18", width=2, classes=4)


def kept(network: torch.nn.Module) -> list[int]:
    return [int((layer.weight != 0).sum()) for layer in prunable(network).values()]


@pytest.mark.parametrize(
    "start", ["torch", "kaiming", "he-normal", "glorot-uniform", "student", "fan-in-normal", "truncated-normal"]
)
def test_weights_start_by_the_seed(run: ImageRun, start: str) -> None:
    described = replace(run, weights=ImageWeights(start=start))  # type: ignore[arg-type]
    next_seed = replace(described, seed=described.seed + 1)
    first = build_network(described).state_dict()
    torch.manual_seed(99)
    again, other = (
        build_network(described).state_dict(),
        build_network(next_seed).state_dict(),
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["hidden.weight"], other["hidden.weight"])


def test_sparse_networks_keep_what_is_asked_for(run: ImageRun) -> None:
    by_layer = build_network(replace(run, weights=ImageWeights(scheme="sparse", kept=(50, 11))))
    assert kept(by_layer) == [50, 11]
    for allocation in ("water_level", "uniform"):
        weights = ImageWeights(scheme="sparse", kept=(500,), allocation=allocation)  # type: ignore[arg-type]
        assert sum(kept(build_network(replace(run, network=SMALL, weights=weights)))) == 500


@pytest.mark.parametrize("method", ["snip", "synflow", "magnitude", "random"])
def test_pruned_networks_keep_what_is_asked_for(run: ImageRun, sets: dict[str, LabelledSet], method: str) -> None:
    weights = ImageWeights(start="kaiming", scheme="sparse", kept=(100,), pruning=method, iterations=2)  # type: ignore[arg-type]
    described = replace(run, weights=weights)
    batches = ImageBatches(described, sets["mnist"], torch.device("cpu")).scoring(described)
    assert sum(kept(build_network(described, batches))) == 100


def test_the_other_schemes_are_laid(run: ImageRun) -> None:
    dct = build_network(replace(run, weights=ImageWeights(scheme="dct", kept=(40,))))
    assert sum(p.numel() for n, p in dct.named_parameters() if "bias" not in n) == 40 + 2  # a factor for each transform
    wide = ImageNetwork.of("mlp", width=12, classes=4, inputs=36)
    low = build_network(replace(run, network=wide, weights=ImageWeights(scheme="bottleneck", base_width=6)))
    assert torch.linalg.matrix_rank(low.hidden.weight) == 3  # type: ignore[arg-type,union-attr]
    plane = build_network(replace(run, weights=ImageWeights(scheme="hyperplane-dense", dimension=7)))
    assert sum(p.numel() for p in plane.parameters() if p.requires_grad) == 7


def test_what_does_not_fit(run: ImageRun) -> None:
    with pytest.raises(ConfigError, match="kept"):
        build_network(replace(run, weights=ImageWeights(scheme="sparse", kept=(50, 11, 3))))
    with pytest.raises(ConfigError, match="start"):
        build_network(replace(run, network=SMALL, weights=ImageWeights(start="student")))


def test_transforms_of_a_fixup_network_are_scaled(run: ImageRun) -> None:
    network = ImageNetwork.of("fixup-resnet110", width=2, depth=110, classes=4)
    for scale, first in (("one", {1.0}), ("fixup", set()), ("fixup-published", set())):
        weights = ImageWeights(scheme="dct", kept=(500,), scale=scale)  # type: ignore[arg-type]
        built = build_network(replace(run, network=network, weights=weights))
        alphas = [float(value.detach()) for name, value in built.named_parameters() if name.endswith("alpha")]
        assert alphas[0] == 1
        assert (set(alphas) == first) == (scale == "one")
        assert (alphas[-1] == 0) == (scale != "one")


def test_the_loss_that_scores_is_the_runs(run: ImageRun, sets: dict[str, LabelledSet]) -> None:
    kept = []
    for loss in ("cross_entropy", "neg_logit"):
        weights = ImageWeights(start="kaiming", scheme="sparse", kept=(60,), pruning="snip", scoring_loss=loss)  # type: ignore[arg-type]
        described = replace(run, weights=weights)
        batches = ImageBatches(described, sets["mnist"], torch.device("cpu")).scoring(described)
        kept.append(build_network(described, batches).hidden.weight != 0)  # type: ignore[union-attr]
    assert not torch.equal(*kept)
