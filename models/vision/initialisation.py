"""Initialisations of Price and Tanner 2021 and of Golubeva 2021."""

import math
from typing import Literal

import torch
from torch import nn

from common.errors import check_choice
from models.prunable import prunable
from models.vision.mlp import Parametrisation

Law = Literal["normal", "uniform"]


def initialise_kaiming(network: nn.Module, seed: int) -> None:
    """Set the weights of every convolution and linear layer to Kaiming normal (fan-in, ReLU), in place.

    Biases are uniform within +-1 / sqrt(fan_in), torch's default; other parameters are not changed. The same seed gives
    the same weights, independent of earlier draws. Source: the public code of Price and Tanner 2021.
    """
    generator = torch.Generator().manual_seed(seed)
    for layer in prunable(network).values():
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
        if layer.bias is not None:
            bound = 1 / math.sqrt(layer.weight[0].numel())
            nn.init.uniform_(layer.bias, -bound, bound, generator=generator)


def initialise_by_fan_in(
    network: nn.Module, law: Law, seed: int, *, parametrisation: Parametrisation = "standard"
) -> None:
    """Draw weights and biases of all convolutions and linear layers with a scale set by the fan-in, in place.

    Call this before a scheme is laid: `lay_sparse` with `mask_init="rescaled"` then divides by the square root of the
    layer's kept share, which completes Golubeva 2021's initialisation of sparse networks.

    Parameters
    ----------
    network
        On the CPU.
    law
        `uniform` within +-1 / sqrt(fan_in), as torch's default, or `normal` with standard deviation 1 / sqrt(fan_in).
    seed
        The same seed gives the same weights, independent of earlier draws.
    parametrisation
        `ntk` omits the fan-in, for a network that divides by its square root. The theory of the paper's section 3
        assumes `normal`; its public code draws `uniform`, with a third of the variance.

    Raises
    ------
    ConfigError
        If `law` is unknown.
    """
    check_choice("law", law, Law)
    generator = torch.Generator().manual_seed(seed)
    for layer in prunable(network).values():
        scale = 1.0 if parametrisation == "ntk" else 1 / math.sqrt(layer.weight[0].numel())
        for parameter in layer.parameters():
            if law == "uniform":
                nn.init.uniform_(parameter, -scale, scale, generator=generator)
            else:
                nn.init.normal_(parameter, 0.0, scale, generator=generator)
