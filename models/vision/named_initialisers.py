"""Glorot, He and LeCun initialisation (Glorot and Bengio 2010, He et al. 2015, LeCun et al. 1998)."""

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from common.errors import ConfigError, check_choice
from models.prunable import prunable

NamedInitialiser = Literal[
    "glorot-normal", "glorot-uniform", "he-normal", "he-uniform", "lecun-normal", "lecun-uniform"
]

# Variance of a weight as a function of fan-in and fan-out.
_VARIANCES: dict[str, Callable[[int, int], float]] = {
    "glorot": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he": lambda fan_in, _fan_out: 2 / fan_in,
    "lecun": lambda fan_in, _fan_out: 1 / fan_in,
}
# Standard deviation of a standard normal variable truncated at two.
_TRUNCATED = math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))


def truncated_normal(weight: Tensor, deviation: float, generator: torch.Generator) -> None:
    """Draw `weight` from a normal distribution truncated at two standard deviations, in place.

    `deviation` is the standard deviation before truncation, which reduces it by a factor of 0.88.
    """
    nn.init.trunc_normal_(weight, 0.0, deviation, -2 * deviation, 2 * deviation, generator=generator)


def initialise_named(network: nn.Module, name: NamedInitialiser, seed: int) -> None:
    """Initialise the weights of all convolutions and linear layers in place; other parameters are not changed.

    The variances are 2 / (fan_in + fan_out), 2 / fan_in and 1 / fan_in (Casper 2021, section 3); `normal` is
    truncated at two standard deviations and rescaled to this variance, as in the public code of that paper.

    Parameters
    ----------
    network
        On the CPU.
    name
        Variance and distribution.
    seed
        The same seed gives the same weights, independent of earlier draws.

    Raises
    ------
    ConfigError
        If `name` is unknown.
    """
    check_choice("init", name, NamedInitialiser)
    author, shape = name.split("-")
    generator = torch.Generator().manual_seed(seed)
    for layer in prunable(network).values():
        positions = layer.weight[0, 0].numel()
        deviation = math.sqrt(_VARIANCES[author](layer.weight.shape[1] * positions, len(layer.weight) * positions))
        if shape == "normal":
            truncated_normal(layer.weight, deviation / _TRUNCATED, generator)
        else:
            bound = math.sqrt(3) * deviation
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)


def initialise_truncated(network: nn.Module, deviation: float, seed: int) -> None:
    """Draw the weights of all convolutions and linear layers from one truncated normal distribution, in place.

    The distribution has mean 0 and standard deviation `deviation`, and is truncated at two standard deviations; for
    Inception-v3 Casper 2021 uses 0.1 (App. A.1). Other parameters are not changed. The same seed gives the same
    weights, independent of earlier draws. `network` must be on the CPU.

    Raises
    ------
    ConfigError
        If `deviation` is not a positive number.
    """
    if not 0 < deviation < math.inf:
        raise ConfigError("deviation", deviation, "a positive number")
    generator = torch.Generator().manual_seed(seed)
    for layer in prunable(network).values():
        truncated_normal(layer.weight, deviation, generator)
