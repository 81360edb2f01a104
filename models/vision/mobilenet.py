"""MobileNetV2 (Sandler et al. 2018) as it is trained on small images, by width."""

from dataclasses import dataclass

from torch import nn

from models.vision.settings import VisionSettings
from models.vision.units import ImageClassifier, Residual, normalised, rectified

# Expansion, channels at width 32, blocks and stride of the first block. The first stages keep the small image's size.
STAGES = ((1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
LAST = 1280


@dataclass(frozen=True, kw_only=True)
class MobileNetSettings(VisionSettings):
    """Size of a MobileNetV2: all channels are those of the paper times `width` / 32, rounded, and at least 1."""

    width: int = 32


def _block(inputs: int, outputs: int, expansion: int, stride: int) -> nn.Module:
    """Return an inverted residual block: wide inside, no activation at its end, a shortcut where the size stays."""
    inner = expansion * inputs
    depthwise = rectified(inner, inner, 3, stride=stride, groups=inner)
    branch = nn.Sequential(*rectified(inputs, inner, 1), *depthwise, *normalised(inner, outputs, 1))
    if stride > 1:
        return branch
    return Residual(branch, nn.Identity() if inputs == outputs else nn.Sequential(*normalised(inputs, outputs, 1)))


class MobileNetV2(ImageClassifier):
    """MobileNetV2 as Price and Tanner 2021 train it; weights start as torch draws them.

    Beside the paper's it has ReLU for ReLU6, an expansion also where the factor is 1, and a projection as shortcut
    where a block keeps the size but not the channels.
    """

    def __init__(self, settings: MobileNetSettings) -> None:
        def scaled(channels: int) -> int:
            return max(1, round(channels * settings.width / 32))

        inputs = settings.width
        layers = rectified(3, inputs, 3)
        for expansion, channels, blocks, stride in STAGES:
            for block in range(blocks):
                layers.append(_block(inputs, scaled(channels), expansion, 1 if block else stride))
                inputs = scaled(channels)
        layers += rectified(inputs, scaled(LAST), 1)
        super().__init__(nn.Sequential(*layers), scaled(LAST), settings.classes)
        self.settings = settings
