"""CP-Mobile, the baseline network of DCASE 2024 Task 1 (Schmid et al. 2023), scaled by its base channels."""

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from common.errors import ConfigError, check_at_least
from models.network import NetworkSettings

# Blocks of each stage, and the stride (mel, frame) of the blocks, counted over all stages, that have one.
_BLOCKS = (3, 2, 1)
_STRIDES = {2: (1, 2), 3: (2, 1)}
_DIVISOR = 8


@dataclass(frozen=True, kw_only=True)
class CpMobileSettings(NetworkSettings, kind="cp-mobile"):
    """CP-Mobile: inverted residual blocks in three stages, 61,148 parameters by default.

    Parameters
    ----------
    width
        Channels of the first stage, a multiple of 8.
    multiplier
        Factor by which channels grow from one stage to the next.
    expansion
        Channels inside a block, as a multiple of those at its input.
    channels
        Of the input.
    """

    width: int = 32
    multiplier: float = 1.8
    expansion: float = 2.1
    channels: int = 1

    initial: ClassVar[str] = "he-normal"

    def __post_init__(self) -> None:
        """Check every size."""
        super().__post_init__()
        check_at_least(self, 1, "channels")
        if self.width % _DIVISOR:
            raise ConfigError("width", self.width, f"a multiple of {_DIVISOR}")
        for field in ("multiplier", "expansion"):
            if not getattr(self, field) > 0:
                raise ConfigError(field, getattr(self, field), "a number above 0")


def _rounded(channels: float) -> int:
    """Return the nearest multiple of 8, the next one if that is more than 10 % too small."""
    nearest = max(_DIVISOR, math.floor(channels / _DIVISOR + 0.5) * _DIVISOR)
    return nearest if nearest >= 0.9 * channels else nearest + _DIVISOR


def _convolution(
    inputs: int, outputs: int, kernel: int, stride: int | tuple[int, int] = 1, groups: int = 1
) -> list[nn.Module]:
    """Return a convolution without bias, same padding, and its batch norm."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [layer, nn.BatchNorm2d(outputs)]


class InvertedResidual(nn.Module):
    """1x1 expansion, 3x3 depthwise, 1x1 projection; a shortcut where the channels stay, average-pooled at a stride."""

    def __init__(self, inputs: int, outputs: int, expansion: float, stride: tuple[int, int]) -> None:
        super().__init__()
        inner = _rounded(inputs * expansion)
        self.branch = nn.Sequential(
            *_convolution(inputs, inner, 1),
            nn.ReLU(),
            *_convolution(inner, inner, 3, stride, groups=inner),
            nn.ReLU(),
            *_convolution(inner, outputs, 1),
        )
        self.shortcut: nn.Module | None = None
        if inputs == outputs:
            self.shortcut = nn.Identity() if stride == (1, 1) else nn.AvgPool2d(3, stride, 1)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, inputs, mel, frame) to (batch, outputs, mel', frame')."""
        y = self.branch(x)
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        return self.relu(y)  # type: ignore[no-any-return]


class CpMobile(nn.Module):
    """CP-Mobile; `features` ends in the last block, `classifier` maps its output to class scores at every place."""

    def __init__(self, settings: CpMobileSettings) -> None:
        super().__init__()
        self.settings = settings
        width = settings.width
        layers: list[nn.Module] = [
            *_convolution(settings.channels, width // 4, 3, 2),
            nn.ReLU(),
            *_convolution(width // 4, width, 3, 2),
            nn.ReLU(),
        ]
        inputs, number = width, 0
        for stage, blocks in enumerate(_BLOCKS):
            outputs = _rounded(width * settings.multiplier**stage)
            for _ in range(blocks):
                layers.append(InvertedResidual(inputs, outputs, settings.expansion, _STRIDES.get(number, (1, 1))))
                inputs, number = outputs, number + 1
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(*_convolution(inputs, settings.classes, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map spectrograms (batch, channel, mel, frame) to logits (batch, class)."""
        return self.classifier(self.features(x)).float().mean(dim=(2, 3))  # type: ignore[no-any-return]
