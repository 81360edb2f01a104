"""How a scheme is laid over a layer's weight, and what is checked before."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

from common.errors import ConfigError
from models.prunable import Masks, prunable


def free_layers(network: nn.Module, names: Iterable[str]) -> dict[str, nn.Conv2d | nn.Linear]:
    """Return the layers of these names, on whose weight nothing lies yet.

    Raises
    ------
    ConfigError
        If there is no such layer, or another scheme (damping too) already makes its weight.
    """
    layers = prunable(network)
    for name in names:
        if name not in layers:
            raise ConfigError("layer", name, f"a convolution or linear layer: {', '.join(layers)}")
        if parametrize.is_parametrized(layers[name], "weight"):
            raise ConfigError("layer", name, "a layer whose weight no scheme makes yet; damping is laid last")
    return {name: layers[name] for name in names}


def masked_layers(network: nn.Module, masks: Masks) -> dict[str, nn.Conv2d | nn.Linear]:
    """Return the free layers that `masks` names, every mask being a bool tensor of its weight's shape.

    Raises
    ------
    ConfigError
        If it is not, or as `free_layers` does.
    """
    layers = free_layers(network, masks)
    for name, layer in layers.items():
        check_mask(name, masks, layer.weight)
    return layers


def check_mask(name: str, masks: Masks, weight: torch.Tensor) -> None:
    """Raise ConfigError unless the mask of layer `name` is a bool tensor of its weight's shape."""
    mask = masks[name]
    if mask.dtype != torch.bool or mask.shape != weight.shape:
        found = f"{mask.dtype} {tuple(mask.shape)}"
        raise ConfigError(f"masks[{name!r}]", found, f"a torch.bool tensor of shape {tuple(weight.shape)}")


def innermost(layer: Any) -> nn.Module | None:
    """Return the scheme that turns parameters into `layer.weight`, before any other; None where there is none."""
    return layer.parametrizations.weight[0] if parametrize.is_parametrized(layer, "weight") else None


def lay(layer: nn.Module, scheme: nn.Module) -> None:
    """Lay `scheme` over `layer.weight`; its `right_inverse` turns the present weight into its parameters."""
    weight = layer.get_parameter("weight")
    weight.grad = None  # it has the weight's shape; the parameters may have another
    parametrize.register_parametrization(layer, "weight", scheme.to(weight.device), unsafe=True)
