"""Low-rank weights as two layers, and widths that hold a network's size."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from common.errors import ConfigError
from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.prunable import prunable
from models.weights.bottleneck import LowRank, inner_width, lay_linear_bottleneck, linear_ranks


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def factors(layer: nn.Module) -> tuple[nn.Parameter, nn.Parameter]:
    schemes = "parametrizations.weight.original"
    return layer.get_parameter(f"{schemes}0"), layer.get_parameter(f"{schemes}1")


def test_it_is_a_convolution_followed_by_a_pointwise_one() -> None:
    layer = nn.Conv2d(6, 10, 3, stride=2, padding=1)
    lay_linear_bottleneck(layer, {"": 4})
    first, second = factors(layer)
    assert (first.shape, second.shape) == ((4, 6, 3, 3), (10, 4))
    x = torch.randn(2, 6, 9, 9)
    inner = nn.functional.conv2d(x, first, stride=2, padding=1)
    expected = nn.functional.conv2d(inner, second[:, :, None, None], layer.bias)
    torch.testing.assert_close(layer(x), expected, atol=1e-5, rtol=1e-5)


@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_nearest_matrix_of_its_rank(outputs: int, inputs: int, data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, min(outputs, inputs)))
    weight = torch.randn(outputs, inputs, dtype=torch.float64)
    scheme = LowRank(rank)
    error = (scheme(*scheme.right_inverse(weight)) - weight).norm()
    lost = torch.linalg.svdvals(weight)[rank:].norm()  # Eckart and Young: no matrix of that rank is nearer
    torch.testing.assert_close(error, lost, atol=1e-10, rtol=1e-8)


def test_it_starts_at_the_norm_of_the_weight() -> None:
    layer = nn.Conv2d(8, 16, 3)
    norm = layer.weight.detach().norm()
    lay_linear_bottleneck(layer, {"": 2})
    torch.testing.assert_close(layer.weight.norm(), norm)
    assert torch.linalg.matrix_rank(layer.weight.detach().flatten(1), atol=1e-4) == 2


def test_full_rank_loses_nothing() -> None:
    layer = nn.Linear(5, 7)
    weight = layer.weight.detach().clone()
    lay_linear_bottleneck(layer, {"": 5})
    torch.testing.assert_close(layer.weight, weight, atol=1e-6, rtol=1e-5)


def test_a_weight_of_zeros_stays_zero_and_can_learn() -> None:
    layer = nn.Conv2d(3, 8, 3)
    nn.init.zeros_(layer.weight)
    lay_linear_bottleneck(layer, {"": 3})
    assert not layer.weight.any()
    assert all(factor.isfinite().all() for factor in factors(layer))
    layer(torch.randn(1, 3, 5, 5)).square().sum().backward()
    assert factors(layer)[0].grad.norm() > 0  # type: ignore[union-attr]


def test_hidden_layers_hold_their_weights_while_the_network_widens() -> None:
    narrow = AudioResNet(AudioResNetSettings(width=24))
    totals = {}
    for factor in (1, 2, 3, 4):
        wide = AudioResNet(AudioResNetSettings(width=24 * factor))
        ranks = linear_ranks(narrow, factor)
        assert ranks["features.5.conv1"] == round(24 / factor)
        assert ranks["features.0"] == round(24 / factor)  # of min(5 x 5 x 1, 24)
        lay_linear_bottleneck(wide, ranks)
        totals[factor] = sum(math.prod(f.shape) for f in factors(wide.get_submodule("features.5.conv1")))
    assert set(totals.values()) == {9 * 24 * 24 + 24 * 24}


def test_ranks_are_counted_before_widening_and_never_zero() -> None:
    network = nn.Sequential(nn.Conv2d(1, 64, 3), nn.Linear(64, 10))
    assert linear_ranks(network, 1) == {"0": 9, "1": 10}
    assert linear_ranks(network, 4) == {"0": 2, "1": 2}
    assert linear_ranks(network, 100) == {"0": 1, "1": 1}
    with pytest.raises(ConfigError, match="factor"):
        linear_ranks(network, 0.5)


def test_ranks_that_do_not_fit_are_named_and_nothing_is_laid() -> None:
    network = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    for ranks in ({"0": 2, "1": 3}, {"0": 0}, {"0": 2, "2": 1}):
        with pytest.raises(ConfigError):
            lay_linear_bottleneck(network, ranks)
    assert count(network) == 4 * 3 + 3 + 3 * 2 + 2
    assert all(type(layer) is nn.Linear for layer in prunable(network).values())


@given(st.integers(1, 5000), st.integers(1, 40), st.integers(0, 60))
def test_inner_width_is_the_nearest_of_all(budget: int, slope: int, constant: int) -> None:
    def weights(inner: int) -> int:
        return constant + slope * inner + inner**2

    if weights(1) > budget:
        with pytest.raises(ConfigError, match="budget"):
            inner_width(weights, budget)
        return
    found = inner_width(weights, budget)
    assert abs(weights(found) - budget) == min(abs(weights(inner) - budget) for inner in range(1, 80))


def test_inner_width_of_a_pair_of_layers() -> None:
    """A basic block of width d, widened by f, holds its weights with an inner width of d / f."""

    def weights(inner: int) -> int:
        return count(nn.Sequential(nn.Conv2d(256, inner, 3, bias=False), nn.Conv2d(inner, 256, 3, bias=False)))

    assert inner_width(weights, 2 * 9 * 64 * 64) == 16
