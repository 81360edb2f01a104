"""A network is rebuilt from its state: the weights it keeps are read there, and no score is computed again."""

from typing import Any

import pytest
import torch
from torch import nn

from models.network import NetworkSettings
from models.pruning.prune import PruningError
from models.registry import build, network_settings
from models.weights import pruned
from models.weights.damping import Damping
from models.weights.dct import DctSparsity
from models.weights.masked import masks_of
from models.weights.pruned import PrunedAtStart
from models.weights.scheme import Laying, Scheme, stored_masks
from models.weights.schemes import lay_schemes
from models.weights.sparse import StaticSparsity

NETWORKS: list[tuple[NetworkSettings, tuple[int, ...]]] = [
    (network_settings("audio-resnet", width=4, classes=3), (1, 48, 40)),
    (network_settings("mlp", width=12, classes=3, inputs=20), (20,)),
]
SCHEMES: list[Scheme] = [
    StaticSparsity(base_width=2),
    StaticSparsity(kept=(90,), mask_init="rescaled"),
    DctSparsity(kept=(90,)),
    PrunedAtStart(base_width=3, method="snip"),
    PrunedAtStart(kept=(150,), method="synflow"),
]


def laid(settings: NetworkSettings, schemes: list[Scheme], seed: int = 0, **what: Any) -> nn.Module:
    torch.manual_seed(seed)
    network = build(settings)
    lay_schemes(network, schemes, Laying(settings=settings, seed=seed, **what))
    return network


def batch(shape: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(6, *shape, generator=torch.Generator().manual_seed(3)), torch.arange(6) % 3


@pytest.mark.parametrize("damped", [False, True], ids=["plain", "damped"])
@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: f"{scheme.label}-{scheme.kept}")
@pytest.mark.parametrize(("settings", "shape"), NETWORKS, ids=["audio", "perceptron"])
def test_a_network_is_rebuilt_from_its_state(
    monkeypatch: pytest.MonkeyPatch, settings: NetworkSettings, shape: tuple[int, ...], scheme: Scheme, damped: bool
) -> None:
    schemes = [scheme, *([Damping()] if damped else [])]
    first = laid(settings, schemes, batches=[batch(shape)])
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    monkeypatch.setattr(pruned, "prune", lambda *_, **__: pytest.fail("scored again"))
    # Another seed, and so another start: nothing of either is in the state's network.
    again = laid(settings, schemes, seed=5, stored=first.state_dict())
    again.load_state_dict(first.state_dict())
    assert masks_of(again).keys() == masks_of(first).keys()
    assert all(torch.equal(mask, masks_of(first)[name]) for name, mask in masks_of(again).items())
    inputs = batch(shape)[0]
    assert torch.equal(again.eval()(inputs), first.eval()(inputs))


def test_the_masks_of_a_state_are_those_of_its_network() -> None:
    settings, _ = NETWORKS[0]
    network = laid(settings, [StaticSparsity(base_width=2)])
    found, expected = stored_masks(build(settings), network.state_dict()), masks_of(network)
    assert found.keys() == expected.keys()
    assert 0 < len(found) < 20
    assert all(torch.equal(mask, expected[name]) for name, mask in found.items())


def test_a_state_of_a_dense_network_keeps_everything() -> None:
    settings, _ = NETWORKS[1]
    assert stored_masks(build(settings), build(settings).state_dict()) == {}


def test_without_a_state_a_method_scores_and_may_fail() -> None:
    settings, shape = NETWORKS[1]
    scheme = PrunedAtStart(kept=(1,), method="snip")
    with pytest.raises(PruningError, match="no path"):
        laid(settings, [scheme], batches=[batch(shape)])


def test_positions_outside_a_layer_are_an_index_error() -> None:
    settings, _ = NETWORKS[1]
    state = laid(settings, [StaticSparsity(kept=(90,))]).state_dict()
    state["hidden.parametrizations.weight.0.positions"] += 10**6
    with pytest.raises(IndexError):
        laid(settings, [StaticSparsity(kept=(90,))], stored=state)
