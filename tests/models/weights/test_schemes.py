"""Schemes as settings: which go together, and that the numbers they promise are those of a network laid with them."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from common.errors import ConfigError
from common.identity import from_plain, plain
from models.counts import network_counts
from models.network import NetworkSettings
from models.prunable import prunable
from models.pruning.allocation import sizes_of
from models.registry import build, network_settings
from models.weights.bottleneck import LinearBottleneck
from models.weights.damping import Damping
from models.weights.dct import DctSparsity
from models.weights.hyperplane import RandomHyperplane
from models.weights.iterative import IterativePruning
from models.weights.masked import masks_of
from models.weights.pruned import PrunedAtStart
from models.weights.scheme import KeepsWeights, Laying, Scheme
from models.weights.schemes import (
    SCHEMES,
    check_schemes,
    find_scheme,
    kept_weights,
    lay_schemes,
    ordered,
    state_bytes,
    trained_parameters,
)
from models.weights.sparse import StaticSparsity

NETWORKS: dict[str, NetworkSettings] = {
    "audio": network_settings("audio-resnet", width=4, classes=3),
    "resnet": network_settings("resnet18", width=4, classes=3),
    "perceptron": network_settings("mlp", width=12, classes=3, inputs=20),
}
SHAPES = {"audio": (1, 48, 40), "resnet": (3, 16, 16), "perceptron": (20,)}
# Every scheme, in the ways that change what it trains or stores.
CHOOSING: dict[str, Scheme] = {
    "static": StaticSparsity(base_width=2),
    "static uniform": StaticSparsity(kept=(100,), allocation="uniform", mask_init="rescaled"),
    "iterative": IterativePruning(base_width=2, first_epoch=0, epochs=2, time_constant=1.0),
    "pruned": PrunedAtStart(kept=(150,), method="synflow", iterations=5),
    "pruned by data": PrunedAtStart(base_width=2, method="snip"),
    "dct": DctSparsity(kept=(100,), allocation="uniform"),
    "bottleneck": LinearBottleneck(base_width=2),
    "hyperplane": RandomHyperplane(dimension=9),
    "hyperplane sparse": RandomHyperplane(dimension=9, projection="sparse"),
}


def batches(name: str) -> list[tuple[Tensor, Tensor]]:
    return [(torch.randn(6, *SHAPES[name]), torch.arange(6) % 3)]


def laid(name: str, *schemes: Scheme, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    network = build(NETWORKS[name])
    lay_schemes(network, schemes, Laying(settings=NETWORKS[name], seed=seed, batches=batches(name)))
    return network


def trainable(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def stored_bytes(network: nn.Module) -> int:
    tensors = {
        tensor.data_ptr(): tensor for tensor in network.state_dict().values()
    }  # what is stored twice counts once
    return sum(tensor.nbytes for tensor in tensors.values())


def kept(network: nn.Module) -> int:
    masks = masks_of(network)
    return sum(int(masks[n].sum()) if n in masks else layer.weight.numel() for n, layer in prunable(network).items())


@pytest.mark.parametrize("damped", [False, True], ids=["plain", "damped"])
@pytest.mark.parametrize("kind", [None, *CHOOSING])
@pytest.mark.parametrize("name", NETWORKS)
def test_trained_numbers_and_stored_bytes_are_those_of_the_network(name: str, kind: str | None, damped: bool) -> None:
    scheme = CHOOSING[kind] if kind else None
    schemes = (*((scheme,) if scheme else ()), *((Damping(edge=0.1),) if damped else ()))
    network, settings = laid(name, *schemes), NETWORKS[name]
    if isinstance(scheme, IterativePruning):
        for epoch in range(5):
            scheme.before_epoch(network, epoch)
        assert trained_parameters(schemes, settings) == kept(network) + network_counts(settings).others
    else:
        assert trained_parameters(schemes, settings) == trainable(network)
    # A layer that keeps everything is stored without positions, which is only known once weights are chosen.
    masks = masks_of(network)
    full = sum(layer.weight.numel() for n, layer in prunable(network).items() if masks and n not in masks)
    assert state_bytes(schemes, settings) - stored_bytes(network) == (4 * full if kind != "iterative" else 0)
    network(batches(name)[0][0])


@pytest.mark.parametrize("kind", [kind for kind, scheme in CHOOSING.items() if isinstance(scheme, KeepsWeights)])
@pytest.mark.parametrize("name", NETWORKS)
def test_kept_weights_are_those_of_the_network(name: str, kind: str) -> None:
    scheme = CHOOSING[kind]
    assert isinstance(scheme, KeepsWeights)
    network = laid(name, scheme)
    for epoch in range(5):
        scheme.before_epoch(network, epoch)
    assert kept(network) == kept_weights([scheme], NETWORKS[name])


def test_numbers_by_layer() -> None:
    settings = NETWORKS["perceptron"]
    sizes = sizes_of(network_counts(settings).shapes)
    for scheme in (StaticSparsity(kept=(50, 36)), PrunedAtStart(kept=(50, 36), method="magnitude")):
        network = laid("perceptron", scheme)
        masks = masks_of(network)
        assert {name: int(mask.sum()) for name, mask in masks.items()} == {"hidden": 50}
        assert sizes["classifier"] == 36  # kept whole, and stored without positions
        assert state_bytes([scheme], settings) == stored_bytes(network)
        assert trained_parameters([scheme], settings) == trainable(network)


def test_no_scheme_removes_nothing() -> None:
    settings = NETWORKS["audio"]
    for schemes in ((), (Damping(),), (RandomHyperplane(dimension=3),)):
        assert kept_weights(schemes, settings) is None
    assert find_scheme([StaticSparsity(kept=(5,)), Damping()], Damping) == Damping()
    assert find_scheme([Damping()], StaticSparsity, DctSparsity) is None


def test_every_scheme_is_listed_reads_back_and_has_a_name() -> None:
    examples: list[Scheme] = [*CHOOSING.values(), Damping()]
    assert {type(scheme) for scheme in examples} == set(SCHEMES)
    assert len({scheme.kind for scheme in SCHEMES}) == len(SCHEMES)
    for scheme in examples:
        assert from_plain(Scheme, json.loads(json.dumps(plain(scheme)))) == scheme
        assert scheme.label.startswith(scheme.kind)
    assert StaticSparsity(base_width=16).label == "static-of-w16"


@pytest.mark.parametrize(
    ("schemes", "said"),
    [
        (
            [StaticSparsity(kept=(5,)), DctSparsity(kept=(5,))],
            "static, dct.* at most one scheme, with or without damped",
        ),
        ([LinearBottleneck(base_width=2), RandomHyperplane(dimension=3)], "at most one scheme, with or without damped"),
        ([Damping(), Damping(edge=0.5)], "each scheme once"),
        ([StaticSparsity(kept=(5,)), StaticSparsity(kept=(6,))], "at most one scheme, with or without damped"),
        ([Damping(), IterativePruning(kept=(5,))], "iterative first, as damping scales"),
    ],
)
def test_schemes_that_do_not_go_together_say_why(schemes: list[Scheme], said: str) -> None:
    with pytest.raises(ConfigError, match=f"weights = .*{said}"):
        check_schemes(schemes)


@pytest.mark.parametrize("kind", CHOOSING)
def test_damping_goes_with_every_other_scheme_after_it(kind: str) -> None:
    check_schemes([])
    check_schemes([Damping()])
    check_schemes([CHOOSING[kind]])
    check_schemes([CHOOSING[kind], Damping()])
    assert ordered([Damping(), CHOOSING[kind]]) == ordered([CHOOSING[kind], Damping()]) == (CHOOSING[kind], Damping())


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        (StaticSparsity, {}, "kept"),
        (DctSparsity, {"kept": (5,), "base_width": 3}, "kept"),
        (StaticSparsity, {"base_width": 0}, "base_width"),
        (StaticSparsity, {"kept": (5,), "allocation": "guess"}, "allocation"),
        (StaticSparsity, {"kept": (5,), "mask_init": "guess"}, "mask_init"),
        (IterativePruning, {"kept": (5, 6)}, "kept"),
        (IterativePruning, {"kept": (5,), "magnitude": "guess"}, "magnitude"),
        (PrunedAtStart, {"kept": (5,), "method": "guess"}, "method"),
        (PrunedAtStart, {"kept": (5,), "method": "snip", "scoring_loss": "guess"}, "scoring_loss"),
        (DctSparsity, {"kept": (5,), "scale": "guess"}, "scale"),
        (Damping, {"edge": 1.5}, "edge"),
        (Damping, {"edge": -0.1}, "edge"),
    ],
)
def test_bad_values_are_named(kind: Any, values: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        kind(**values)


@pytest.mark.parametrize("scheme", [StaticSparsity(base_width=5), LinearBottleneck(base_width=5)])
def test_a_base_width_above_the_networks_own_is_named(scheme: Scheme) -> None:
    with pytest.raises(ConfigError, match="base_width"):
        laid("audio", scheme)


@pytest.mark.parametrize("scheme", [RandomHyperplane(dimension=0), RandomHyperplane(dimension=10**9)])
def test_a_dimension_that_does_not_fit_is_named(scheme: Scheme) -> None:
    with pytest.raises(ConfigError, match="dimension"):
        laid("audio", scheme)


def test_numbers_that_do_not_fit_the_layers_are_named() -> None:
    with pytest.raises(ConfigError, match="one per layer: hidden, classifier"):
        laid("perceptron", StaticSparsity(kept=(50, 11, 3)))


def test_a_scheme_that_cannot_be_laid_is_not_made() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Unfinished(Scheme):
        """A scheme without `lay`."""

    with pytest.raises(TypeError, match="lay"):
        Unfinished()  # type: ignore[abstract]
