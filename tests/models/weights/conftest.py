"""What the tests of weight schemes share: masks at random positions, and a small audio network."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.initialisation import initialise
from models.prunable import Masks, prunable


def keep_at_most(network: nn.Module, cap: int, seed: int = 0) -> Masks:
    """Masks of at most `cap` kept weights a layer, at random positions."""
    generator = torch.Generator().manual_seed(seed)
    masks = {}
    for name, layer in prunable(network).items():
        order = torch.randperm(layer.weight.numel(), generator=generator)
        masks[name] = (order < cap).view(layer.weight.shape)
    return masks


@pytest.fixture(name="keep_at_most")
def _keep_at_most() -> Callable[..., Masks]:
    return keep_at_most


@pytest.fixture
def audio() -> AudioResNet:
    """A narrow audio network with non-zero weights."""
    network = AudioResNet(AudioResNetSettings(width=4))
    initialise(network, "kaiming", 0)
    return network
