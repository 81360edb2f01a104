"""Golubeva's start of dense and sparse networks against scipy's distributions."""

from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from torch import nn

from common.errors import ConfigError
from models.pruning.masks import random_masks
from models.vision.initialisation import initialise_by_fan_in
from models.weights.sparse import lay_sparse


def layers() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(8, 24, 5), nn.BatchNorm2d(24), nn.Linear(400, 1000))


@pytest.mark.parametrize("parametrisation", ["standard", "ntk"])
@pytest.mark.parametrize(("law", "expected"), [("uniform", scipy.stats.uniform(-1, 2)), ("normal", scipy.stats.norm())])
def test_laws_of_dense_and_of_sparse_layers(law: Any, expected: Any, parametrisation: Any) -> None:
    network = layers()
    initialise_by_fan_in(network, law, 3, parametrisation=parametrisation)
    # A tenth of the linear layer is kept: its fan-in counts as 40 instead of 400.
    lay_sparse(network, random_masks(network, {"2": 40_000}, seed=0), mask_init="rescaled")
    kept = network[2].parametrizations.weight.original
    for values, fan_in, share in (
        (network[0].weight, 200, 1),
        (network[0].bias, 200, 1),
        (kept, 400, 0.1),
        (network[2].bias, 400, 0.1),
    ):
        scale = np.sqrt(share if parametrisation == "ntk" else share * fan_in)
        assert scipy.stats.kstest(values.detach().numpy().ravel() * scale, expected.cdf).pvalue > 1e-4
    assert kept.numel() == 40_000
    assert network[1].weight.eq(1).all()


def test_uniform_is_torchs_own_law() -> None:
    torch.manual_seed(0)
    ours, theirs = nn.Linear(300, 200), nn.Linear(300, 200)
    initialise_by_fan_in(ours, "uniform", 0)
    for name, parameter in ours.named_parameters():
        other = theirs.get_parameter(name)
        drawn, torchs = parameter.detach().numpy().ravel(), other.detach().numpy().ravel()
        assert scipy.stats.ks_2samp(drawn, torchs).pvalue > 1e-4


def test_same_seed_same_weights() -> None:
    made = [layers() for _ in range(3)]
    for network, seed in zip(made, (1, 1, 2), strict=True):
        torch.rand(1)
        initialise_by_fan_in(network, "normal", seed)
    assert torch.equal(made[0][2].weight, made[1][2].weight)
    assert not torch.equal(made[0][2].weight, made[2][2].weight)


def test_the_law_is_checked() -> None:
    with pytest.raises(ConfigError, match="normal, uniform"):
        initialise_by_fan_in(layers(), "lecun", 0)  # type: ignore[arg-type]
