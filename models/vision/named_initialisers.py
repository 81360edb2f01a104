"""Initial weights by the names of Glorot and Bengio 2010, He et al. 2015 and LeCun et al. 1998."""

import math
from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.prunable import prunable

NamedInitialiser = Literal[
    "glorot-normal", "glorot-uniform", "he-normal", "he-uniform", "lecun-normal", "lecun-uniform"
]

# Variance of a weight, given how many values it is fed with and how many it feeds.
_VARIANCES: dict[str, Callable[[int, int], float]] = {
    "glorot": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he": lambda fan_in, _fan_out: 2 / fan_in,
    "lecun": lambda fan_in, _fan_out: 1 / fan_in,
}
# Deviation of a standard normal variable that is cut off at two.
_TRUNCATED = math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))


def truncated_normal(weight: Tensor, deviation: float, generator: torch.Generator) -> None:
    """Fill `weight` from a normal distribution cut off at two deviations, in place.

    `deviation` is that before cutting off; afterwards it is 0.88 times as large.
    """
    nn.init.trunc_normal_(weight, 0.0, deviation, -2 * deviation, 2 * deviation, generator=generator)


def initialise_named(network: nn.Module, name: NamedInitialiser, seed: int) -> None:
    """Set the weights of every convolution and linear layer in place; biases and all else are left.

    The variances are 2 / (fan_in + fan_out), 2 / fan_in and 1 / fan_in (Casper 2021, section 3); `normal` is cut off at
    two deviations and scaled to have this variance still, as in the public code of that paper.

    Parameters
    ----------
    network
        On the CPU.
    name
        Whose variance, and the shape of the distribution.
    seed
        The same seed gives the same weights, whatever was drawn before.

    Raises
    ------
    ConfigError
        If `name` is none of these.
    """
    if name not in get_args(NamedInitialiser):
        raise ConfigError("init", name, f"one of {', '.join(get_args(NamedInitialiser))}")
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
    """Set the weights of every convolution and linear layer from one law in place; biases and all else are left.

    The law is a normal distribution of mean 0 and `deviation`, then cut off at two deviations; that of Casper 2021's
    Inception-v3 is 0.1 (App. A.1). The same seed gives the same weights, whatever was drawn before; `network` is on the
    CPU.

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
