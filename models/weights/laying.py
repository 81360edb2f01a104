"""Registration of a scheme's parametrisation on a layer, and its checks."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

from common.errors import ConfigError
from models.prunable import Masks, prunable


def free_layers(network: nn.Module, names: Iterable[str]) -> dict[str, nn.Conv2d | nn.Linear]:
    """Return the layers of these names, whose weights must not have a scheme.

    Raises
    ------
    ConfigError
        If there is no such layer, or its weight already has a scheme (or damping).
    """
    layers = prunable(network)
    for name in names:
        if name not in layers:
            raise ConfigError("layer", name, f"a convolution or linear layer: {', '.join(layers)}")
        if parametrize.is_parametrized(layers[name], "weight"):
            raise ConfigError("layer", name, "a layer whose weight has no scheme; lay damping last")
    return {name: layers[name] for name in names}


def masked_layers(network: nn.Module, masks: Masks) -> dict[str, nn.Conv2d | nn.Linear]:
    """Return the layers that `masks` names, after checking masks and weights.

    Raises
    ------
    ConfigError
        If a mask is not a bool tensor of its weight's shape, or as `free_layers`.
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
    """Return the first parametrisation of `layer.weight`, which takes the parameters; None without a scheme."""
    return layer.parametrizations.weight[0] if parametrize.is_parametrized(layer, "weight") else None


def lay(layer: nn.Module, scheme: nn.Module) -> None:
    """Parametrise `layer.weight` with `scheme`; its `right_inverse` maps the present weight to its parameters."""
    weight = layer.get_parameter("weight")
    weight.grad = None  # the parameters may have another shape
    parametrize.register_parametrization(layer, "weight", scheme.to(weight.device), unsafe=True)
