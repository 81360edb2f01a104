"""Initial weights by name: the residual scaling that the authors' earlier public code uses, or Kaiming throughout."""

import math
from typing import Literal, get_args

import torch
from torch import nn

from common.errors import ConfigError
from models.resnet import AudioResNet, ResidualBlock

Initialisation = Literal["fixup", "kaiming"]


def _normal(conv: nn.Conv2d, deviation: float, generator: torch.Generator) -> None:
    nn.init.normal_(conv.weight, 0.0, deviation, generator=generator)


def initialise(network: AudioResNet, name: Initialisation, seed: int) -> None:
    """Set every convolution's weight in place; batch norm starts at scale 1 and shift 0.

    Parameters
    ----------
    name
        `fixup`: Kaiming normal (fan-in) stem; in each of the L residual blocks the first convolution has deviation
        L^-1/2 sqrt(2 / (k^2 C_out)), the second is zero, the shortcut has deviation sqrt(2 / C_out); the classifier
        is zero, so the loss before the first step is exactly ln(classes).
        `kaiming`: every convolution Kaiming normal (fan-in), for measures that need a non-zero network at the start.
    seed
        The same seed gives the same weights, on any device, whatever was drawn before.

    Raises
    ------
    ConfigError
        If `name` is neither.
    """
    if name not in get_args(Initialisation):
        raise ConfigError("init", name, f"one of {', '.join(get_args(Initialisation))}")
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu", generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
    if name == "fixup":
        blocks = [module for module in network.modules() if isinstance(module, ResidualBlock)]
        for block in blocks:
            spread = math.sqrt(2 / (block.conv1.kernel_size[0] ** 2 * block.conv1.out_channels))
            _normal(block.conv1, spread / math.sqrt(len(blocks)), generator)
            nn.init.zeros_(block.conv2.weight)
            for shortcut in block.shortcut.modules():
                if isinstance(shortcut, nn.Conv2d):
                    _normal(shortcut, math.sqrt(2 / block.conv1.out_channels), generator)
        nn.init.zeros_(network.classifier.get_parameter("0.weight"))
