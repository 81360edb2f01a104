"""Networks by name, and how many numbers they hold."""

from typing import Any

from torch import nn

from models.registry import build, network_settings


def built(kind: str, **given: Any) -> nn.Module:
    """Return a network of the registry, its weights as its class draws them."""
    return build(network_settings(kind, **given))
