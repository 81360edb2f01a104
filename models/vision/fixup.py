"""Fixup ResNets without batch norm for small images (Zhang et al. 2019), scaled by width and depth."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from common.errors import ConfigError
from models.vision.settings import VisionSettings


@dataclass(frozen=True, kw_only=True)
class FixupSettings(VisionSettings, kind="fixup-resnet"):
    """Settings of a Fixup ResNet: stages of `width`, 2 and 4 times `width` channels, and `depth` = 6 n + 2 layers."""

    width: int = 16
    depth: int = 110
    """Layers, 6 n + 2 for a whole number n."""
    channels: int = 3

    def __post_init__(self) -> None:
        """Check every size."""
        super().__post_init__()
        if self.depth < 8 or self.depth % 6 != 2:
            raise ConfigError("depth", self.depth, "6 n + 2 for a whole number n of at least 1, such as 20 or 110")


class FixupBlock(nn.Module):
    """Two 3x3 convolutions with scalar biases before and after each, and a scalar scale before the last bias.

    The first convolution has standard deviation sqrt(2 / (9 outputs `blocks`)), with the number of blocks of the
    network; the second is zero. At stride 2 the shortcut takes every second position and pads the new channels with
    zeros.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, blocks: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.biases = nn.Parameter(torch.zeros(4))
        self.scale = nn.Parameter(torch.ones(1))
        self.relu = nn.ReLU(inplace=True)
        self.stride = stride
        nn.init.normal_(self.conv1.weight, 0.0, math.sqrt(2 / (9 * outputs * blocks)))
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, inputs, row, column) to (batch, outputs, row', column')."""
        biased = x + self.biases[0]
        y = self.relu(self.conv1(biased) + self.biases[1])
        y = self.conv2(y + self.biases[2]) * self.scale + self.biases[3]
        return self.relu(y + (x if self.stride == 1 else self._downsampled(biased)))  # type: ignore[no-any-return]

    def _downsampled(self, x: Tensor) -> Tensor:
        missing = self.conv1.out_channels - self.conv1.in_channels
        return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, missing))


class FixupResNet(nn.Module):
    """Fixup ResNet. The stem has torch's initialisation; the classifier is zero, so the first loss is ln(classes)."""

    def __init__(self, settings: FixupSettings) -> None:
        super().__init__()
        width, blocks = settings.width, (settings.depth - 2) // 6
        layers: list[nn.Module] = []
        inputs = width
        for stage in range(3):
            for block in range(blocks):
                layers.append(FixupBlock(inputs, width * 2**stage, 2 if stage and not block else 1, 3 * blocks))
                inputs = width * 2**stage
        self.settings = settings
        self.stem = nn.Conv2d(settings.channels, width, 3, padding=1, bias=False)
        self.biases = nn.Parameter(torch.zeros(2))
        self.blocks = nn.Sequential(*layers)
        self.classifier = nn.Linear(inputs, settings.classes)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map images (batch, 3, row, column) to logits (batch, class)."""
        y = self.blocks(torch.relu(self.stem(x) + self.biases[0]))
        return self.classifier(y.mean(dim=(2, 3)) + self.biases[1])  # type: ignore[no-any-return]
