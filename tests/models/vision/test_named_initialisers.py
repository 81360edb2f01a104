"""The named laws against scipy's distributions and the papers' variances."""

import math
from typing import get_args

import numpy as np
import pytest
import scipy.stats
import torch
from torch import nn

from common.errors import ConfigError
from models.vision.named_initialisers import NamedInitialiser, initialise_named, initialise_truncated, truncated_normal

# A convolution 5x5 from 8 to 24 channels has fan-in 200 and fan-out 600, the linear layer 400 and 100.
FANS = {"0": (200, 600), "1": (400, 100)}
VARIANCES = {
    "glorot": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he": lambda fan_in, _: 2 / fan_in,
    "lecun": lambda fan_in, _: 1 / fan_in,
}


def layers() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(8, 24, 5), nn.Linear(400, 100))


@pytest.mark.parametrize("name", get_args(NamedInitialiser))
def test_laws(name: NamedInitialiser) -> None:
    network = layers()
    biases = [network[0].bias.clone(), network[1].bias.clone()]
    initialise_named(network, name, seed=5)
    author, shape = name.split("-")
    for site, fans in FANS.items():
        weights = network.get_parameter(f"{site}.weight").detach().double().numpy().ravel()
        deviation = math.sqrt(VARIANCES[author](*fans))
        law = scipy.stats.truncnorm(-2, 2) if shape == "normal" else scipy.stats.uniform(-1, 2)
        scaled = weights / deviation * law.std()
        assert scipy.stats.kstest(scaled, law.cdf).pvalue > 1e-4
        # sd of a sample variance: sqrt((kurtosis - 1) / n)
        error = math.sqrt((law.stats("k") + 2) / len(weights))
        assert np.mean(weights**2) / deviation**2 == pytest.approx(1, abs=4.5 * error)
        assert np.abs(scaled).max() <= law.support()[1] * (1 + 1e-6)
    assert all(torch.equal(bias, layer.bias) for bias, layer in zip(biases, network, strict=True))


def test_same_seed_same_weights() -> None:
    made = [layers() for _ in range(3)]
    for network, seed in zip(made, (1, 1, 2), strict=True):
        torch.rand(1)
        initialise_named(network, "he-normal", seed)
    assert torch.equal(made[0][0].weight, made[1][0].weight)
    assert not torch.equal(made[0][0].weight, made[2][0].weight)


def test_a_normal_cut_off_at_two_deviations() -> None:
    weight = torch.empty(20_000)
    truncated_normal(weight, 1e5, torch.Generator().manual_seed(0))
    assert scipy.stats.kstest(weight.numpy() / 1e5, scipy.stats.truncnorm(-2, 2).cdf).pvalue > 1e-4


def test_unknown_names() -> None:
    with pytest.raises(ConfigError, match="glorot-normal"):
        initialise_named(layers(), "xavier", 0)  # type: ignore[arg-type]


def test_one_law_for_every_layer() -> None:
    network, again = layers(), layers()
    biases = [network[0].bias.clone(), network[1].bias.clone()]
    initialise_truncated(network, 0.1, seed=3)
    initialise_truncated(again, 0.1, seed=3)
    for layer, same, bias in zip(network, again, biases, strict=True):
        weights = layer.weight.detach().numpy().ravel() / 0.1
        assert scipy.stats.kstest(weights, scipy.stats.truncnorm(-2, 2).cdf).pvalue > 1e-4
        assert torch.equal(layer.weight, same.weight)
        assert torch.equal(layer.bias, bias)
    with pytest.raises(ConfigError, match="deviation"):
        initialise_truncated(network, 0.0, 0)
