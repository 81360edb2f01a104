"""The initial weights of Price and Tanner's sparse baselines."""

import math

import torch
from torch import nn

from models.prunable import prunable


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
