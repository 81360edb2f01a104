"""Masked copies of a network, on which scores are computed without changing the network."""

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from common.errors import ConfigError
from models.prunable import prunable


def values_of(network: nn.Module) -> dict[str, nn.Parameter]:
    """Return the parameter of each prunable layer's weight by layer name: the weight, or the parametrised tensor.

    A damped weight V . C is scored and masked through its parameter V: with mask M it is (M . V) . C, and a score is
    the derivative with respect to M.

    Raises
    ------
    ConfigError
        If there is no prunable layer, or a weight is not computed from one parameter of the same shape (compute scores
        before sparse or structured weights are laid).
    """
    values: dict[str, nn.Parameter] = {}
    for name, layer in prunable(network).items():
        value: object = layer.weight
        if parametrize.is_parametrized(layer, "weight"):
            value = getattr(layer.get_submodule("parametrizations.weight"), "original", None)
        if not isinstance(value, nn.Parameter) or value.shape != layer.weight.shape:
            raise ConfigError("network", name, "layers whose weight has one value per position, for scores and masks")
        values[name] = value
    if not values:
        raise ConfigError("network", type(network).__name__, "a network with convolutions or linear layers")
    return values


def trial_copy(network: nn.Module, masks: Mapping[str, Tensor], dtype: torch.dtype | None = None) -> nn.Module:
    """Return a copy in evaluation mode, with masked values set to zero and all other parameters frozen.

    Parameters
    ----------
    masks
        Layer name -> bool tensor, True = kept; layers without a mask stay dense.
    dtype
        Floating-point type of the copy; None keeps the network's.
    """
    trial = copy.deepcopy(network).to(dtype=dtype).requires_grad_(False).eval()
    for name, value in values_of(trial).items():
        if name in masks:
            value.mul_(masks[name].to(value.device))
        value.requires_grad_(True)
    return trial
