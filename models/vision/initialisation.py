"""Initial weights of sparse networks: those of Price and Tanner 2021 and of Golubeva 2021."""

import math
from typing import Literal, get_args

import torch
from torch import nn

from common.errors import ConfigError
from models.prunable import prunable
from models.vision.mlp import Parametrisation

Law = Literal["normal", "uniform"]


def initialise_kaiming(network: nn.Module, seed: int) -> None:
    """Set the weights of every convolution and linear layer to Kaiming normal (fan-in, ReLU), in place.

    Their biases are drawn as torch does, uniform within one over the root of the fan-in; all else is left. The same
    seed gives the same weights, whatever was drawn before. Source: the public code of Price and Tanner 2021.
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
    """Draw weights and biases of every convolution and linear layer from one law, in place; all else is left.

    Call it before a scheme of weights is laid: `lay_sparse` with `mask_init="rescaled"` then divides by the root of a
    layer's kept share, and Golubeva 2021's start of sparse networks is complete.

    Parameters
    ----------
    network
        On the CPU.
    law
        `uniform`, within one over the root of the layer's fan-in, is torch's own; `normal` has that for a deviation.
    seed
        The same seed gives the same weights, whatever was drawn before.
    parametrisation
        `ntk` leaves out the fan-in, for a network that divides by its root itself. The theory of the paper's section 3
        is about `normal` there; its public code draws `uniform`, of a third of that variance.

    Raises
    ------
    ConfigError
        If there is no such law.
    """
    if law not in get_args(Law):
        raise ConfigError("law", law, f"one of {', '.join(get_args(Law))}")
    generator = torch.Generator().manual_seed(seed)
    for layer in prunable(network).values():
        scale = 1.0 if parametrisation == "ntk" else 1 / math.sqrt(layer.weight[0].numel())
        for parameter in layer.parameters():
            if law == "uniform":
                nn.init.uniform_(parameter, -scale, scale, generator=generator)
            else:
                nn.init.normal_(parameter, 0.0, scale, generator=generator)
