"""Sparse weights against masking a dense weight by hand."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from common.errors import ConfigError
from models.audio.resnet import AudioResNet
from models.prunable import Masks, prunable
from models.weights.damping import damp
from models.weights.masked import masks_of
from models.weights.sparse import SparseWeight, lay_sparse

pytestmark = pytest.mark.trains

Keep = Callable[..., Masks]


def train(network: nn.Module, masks: Masks, steps: int, optimiser: str) -> list[float]:
    """Train a few steps; where a dense weight is pruned by hand, its gradient and value are masked at every step."""
    torch.manual_seed(1)
    parameters = list(network.parameters())
    options = {"lr": 1e-2, "weight_decay": 1e-2}
    chosen = torch.optim.Adam(parameters, **options) if optimiser == "adam" else torch.optim.SGD(parameters, **options)
    losses = []
    for _ in range(steps):
        loss = nn.functional.cross_entropy(network(torch.randn(4, 1, 40, 40)), torch.randint(10, (4,)))
        chosen.zero_grad()
        loss.backward()
        for name, mask in masks.items():
            network.get_submodule(name).weight.grad.mul_(mask)  # type: ignore[union-attr]
        chosen.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_training_equals_a_dense_weight_masked_by_hand(audio: AudioResNet, keep_at_most: Keep, optimiser: str) -> None:
    masks, by_hand = keep_at_most(audio, 50), deepcopy(audio)
    lay_sparse(audio, masks)
    with torch.no_grad():
        for name, layer in prunable(by_hand).items():
            layer.weight.mul_(masks[name])
    assert train(audio, {}, 6, optimiser) == pytest.approx(train(by_hand, masks, 6, optimiser), rel=1e-5)
    for name, layer in prunable(by_hand).items():
        torch.testing.assert_close(audio.get_submodule(name).weight, layer.weight)
        assert not layer.weight[~masks[name]].any()


def test_only_kept_values_are_parameters(audio: AudioResNet, keep_at_most: Keep) -> None:
    masks = keep_at_most(audio, 50)
    others = sum(p.numel() for p in audio.parameters()) - sum(m.numel() for m in masks.values())
    lay_sparse(audio, masks)
    assert sum(p.numel() for p in audio.parameters()) == others + sum(int(m.sum()) for m in masks.values())
    positions = [b for name, b in audio.named_buffers() if name.endswith("positions")]
    assert all(p.dtype == torch.int32 for p in positions)
    assert sum(len(p) for p in positions) == sum(int(m.sum()) for m in masks.values())


@given(st.lists(st.booleans(), min_size=12, max_size=12), st.integers(0, 9))
def test_forward_and_right_inverse(kept: list[bool], seed: int) -> None:
    mask = torch.tensor(kept).view(2, 3, 2, 1)
    weight = torch.randn(mask.shape, generator=torch.Generator().manual_seed(seed))
    scheme = SparseWeight(mask)
    values = scheme.right_inverse(weight)
    assert torch.equal(values, weight[mask])
    assert torch.equal(scheme(values), weight * mask)
    assert torch.equal(scheme.mask, mask)


class Watched(TorchDispatchMode):
    """Notes whether scatters ran while deterministic algorithms, which sort on a GPU, were required."""

    def __init__(self) -> None:
        super().__init__()
        self.sorted: list[bool] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if "index_put" in str(func) or "scatter" in str(func):
            self.sorted.append(torch.are_deterministic_algorithms_enabled())
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("warn_only", [True, False])
def test_determinism_does_not_make_a_training_step_sort(warn_only: bool) -> None:
    scheme = SparseWeight(torch.arange(12).view(3, 4) % 3 == 0)
    values = torch.randn(4, requires_grad=True)
    torch.use_deterministic_algorithms(True, warn_only=warn_only)
    try:
        with Watched() as watched:
            scheme(values).square().sum().backward()
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled() == warn_only
    finally:
        torch.use_deterministic_algorithms(False)
    assert watched.sorted == [False]
    assert values.grad is not None
    assert torch.equal(values.grad, 2 * values)


def test_rescaled_values_and_biases() -> None:
    layer, mask = nn.Linear(4, 4), torch.zeros(4, 4, dtype=torch.bool)
    mask[:, 1] = True
    weight, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    network = nn.Sequential(layer, nn.Linear(4, 2))
    lay_sparse(network, {"0": mask, "1": torch.zeros(2, 4, dtype=torch.bool)}, mask_init="rescaled")
    torch.testing.assert_close(layer.weight, 2 * weight * mask)
    torch.testing.assert_close(layer.bias, 2 * bias)
    assert not network[1].weight.any()


def test_damping_goes_over_sparse_values(audio: AudioResNet, keep_at_most: Keep) -> None:
    masks, dense = keep_at_most(audio, 20), deepcopy(audio)
    damp(dense, 0.1)
    lay_sparse(audio, masks)
    damp(audio, 0.1)
    for name, layer in prunable(dense).items():
        torch.testing.assert_close(audio.get_submodule(name).weight, layer.weight * masks[name])
    assert all(torch.equal(mask, masks[name]) for name, mask in masks_of(audio).items())


def test_channels_last_weights_keep_their_places(audio: AudioResNet, keep_at_most: Keep) -> None:
    masks, plain = keep_at_most(audio, 30), deepcopy(audio)
    lay_sparse(audio.to(memory_format=torch.channels_last), masks)  # type: ignore[call-overload]
    for name, layer in prunable(plain).items():
        assert torch.equal(audio.get_submodule(name).weight, layer.weight * masks[name])


def test_an_absent_layer_stays_dense(audio: AudioResNet) -> None:
    lay_sparse(audio, {})
    assert not any(hasattr(module, "parametrizations") for module in audio.modules())


def test_a_present_gradient_does_not_outlive_the_dense_weight(audio: AudioResNet, keep_at_most: Keep) -> None:
    audio(torch.randn(2, 1, 40, 40)).sum().backward()
    lay_sparse(audio, keep_at_most(audio, 20))
    torch.optim.Adam(audio.parameters()).step()


def test_what_does_not_fit_is_named(audio: AudioResNet, keep_at_most: Keep) -> None:
    masks = keep_at_most(audio, 20)
    stem = "features.0"
    with pytest.raises(ConfigError, match="nosuch"):
        lay_sparse(audio, {"nosuch": masks[stem]})
    with pytest.raises(ConfigError, match=r"features\.0.*shape"):
        lay_sparse(audio, {stem: masks[stem][:1]})
    with pytest.raises(ConfigError, match=r"torch\.bool"):
        lay_sparse(audio, {stem: masks[stem].float()})
    with pytest.raises(ConfigError, match="mask_init"):
        lay_sparse(audio, masks, mask_init="scaled")  # type: ignore[arg-type]
    damp(audio, 0.1)
    with pytest.raises(ConfigError, match="lay damping last"):
        lay_sparse(audio, masks)
    assert not any(isinstance(module, SparseWeight) for module in audio.modules())
