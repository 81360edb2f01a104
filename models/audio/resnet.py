"""Receptive-field-regularised ResNet of Koutini 2021, scaled in width, depth and pointwise depth (Table 1)."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from models.network import NetworkSettings


@dataclass(frozen=True, kw_only=True)
class AudioResNetSettings(NetworkSettings, kind="audio-resnet"):
    """The receptive-field-regularised ResNet of Koutini 2021, Table 1.

    Parameters
    ----------
    width
        Channels of the first blocks, W.
    depth
        Residual 3x3 blocks of 2W channels, D; each but the first widens the receptive field.
    pointwise_depth
        Residual 1x1 blocks of 4W channels, K.
    channels
        Of the input.
    """

    depth: int = 1
    pointwise_depth: int = 1
    channels: int = 1

    initial: ClassVar[str] = "fixup"

    def __post_init__(self) -> None:
        """Check every size."""
        super().__post_init__()
        for field, least in {"depth": 1, "pointwise_depth": 0, "channels": 1}.items():
            self.check_least(field, least)

    @property
    def label(self) -> str:
        """Width, depth and pointwise depth."""
        return f"w{self.width}-d{self.depth}-k{self.pointwise_depth}"


def _convolution(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)


class ResidualBlock(nn.Module):
    """Block R of Table 1: conv, BN, ReLU, conv, BN, plus shortcut, ReLU; stride 1, same padding.

    Parameters
    ----------
    inputs, outputs
        Input and output channels. If they differ, the shortcut is a 1x1 convolution with batch norm, else the identity.
    first, second
        Kernel sizes of the two convolutions.
    """

    def __init__(self, inputs: int, outputs: int, first: int, second: int) -> None:
        super().__init__()
        self.conv1 = _convolution(inputs, outputs, first)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = _convolution(outputs, outputs, second)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs:
            self.shortcut = nn.Sequential(_convolution(inputs, outputs, 1), nn.BatchNorm2d(outputs))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, inputs, mel, frame) to (batch, outputs, mel, frame)."""
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + self.shortcut(x))  # type: ignore[no-any-return]


class AudioResNet(nn.Module):
    """The network of Koutini 2021, Table 1.

    `features` ends with the last residual block, the penultimate layer whose receptive field the paper plots.
    `classifier` maps its output to a map of class scores, which `forward` averages over mel bands and frames.
    """

    def __init__(self, settings: AudioResNetSettings) -> None:
        super().__init__()
        width, depth, pointwise = settings.width, settings.depth, settings.pointwise_depth
        layers: list[nn.Module] = [
            nn.Conv2d(settings.channels, width, 5, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            ResidualBlock(width, width, 3, 1),
            nn.MaxPool2d(2),
            ResidualBlock(width, width, 3, 3),
            nn.MaxPool2d(2),
            ResidualBlock(width, width, 3, 3),
            ResidualBlock(width, width, 3, 3),
            nn.MaxPool2d(2),
        ]
        layers += [ResidualBlock(width if i == 0 else 2 * width, 2 * width, 3, 3) for i in range(depth)]
        layers += [ResidualBlock((2 if i == 0 else 4) * width, 4 * width, 1, 1) for i in range(pointwise)]
        self.settings = settings
        self.features = nn.Sequential(*layers)
        outputs = (4 if pointwise else 2) * width
        self.classifier = nn.Sequential(_convolution(outputs, settings.classes, 1), nn.BatchNorm2d(settings.classes))

    def initialise_fixup(self, seed: int) -> None:
        """Initialise all convolutions in place, as Fixup does: residual branches start at zero.

        The stem is Kaiming normal (fan-in). In each of the L residual blocks the first convolution has standard
        deviation L^-1/2 sqrt(2 / (k^2 C_out)), the second is zero, and the shortcut has standard deviation
        sqrt(2 / C_out). The classifier is zero, so the loss before the first step is exactly ln(classes). Source: the
        authors' earlier public code.
        """
        generator = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu", generator=generator)
        blocks = [module for module in self.modules() if isinstance(module, ResidualBlock)]
        for block in blocks:
            spread = math.sqrt(2 / (block.conv1.kernel_size[0] ** 2 * block.conv1.out_channels))
            nn.init.normal_(block.conv1.weight, 0.0, spread / math.sqrt(len(blocks)), generator=generator)
            nn.init.zeros_(block.conv2.weight)
            for shortcut in block.shortcut.modules():
                if isinstance(shortcut, nn.Conv2d):
                    deviation = math.sqrt(2 / block.conv1.out_channels)
                    nn.init.normal_(shortcut.weight, 0.0, deviation, generator=generator)
        nn.init.zeros_(self.classifier.get_parameter("0.weight"))

    def class_map(self, x: Tensor) -> Tensor:
        """Map spectrograms (batch, channel, mel, frame) to a map of class scores (batch, class, mel', frame')."""
        return self.classifier(self.features(x))  # type: ignore[no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        """Map spectrograms (batch, channel, mel, frame) to logits (batch, class)."""
        # The mean is computed in float32: in bfloat16 close logits would become equal.
        return self.class_map(x).float().mean(dim=(2, 3))
