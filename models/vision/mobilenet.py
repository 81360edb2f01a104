"""MobileNetV2 (Sandler et al. 2018) for small images, scaled by width."""

from dataclasses import dataclass

from torch import nn

from models.vision.layers import ImageClassifier, Residual, normalised, rectified
from models.vision.settings import VisionSettings

# Expansion, channels at width 32, blocks and stride of the first block of each stage, with strides for small images.
STAGES = ((1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
LAST = 1280


@dataclass(frozen=True, kw_only=True)
class MobileNetSettings(VisionSettings, kind="mobilenetv2"):
    """Settings of a MobileNetV2: all channels are those of the paper times `width` / 32, rounded, and at least 1."""

    width: int = 32
    channels: int = 3


def _block(inputs: int, outputs: int, expansion: int, stride: int) -> nn.Module:
    """Return an inverted residual block: expansion, depthwise convolution, projection; a shortcut at stride 1."""
    inner = expansion * inputs
    depthwise = rectified(inner, inner, 3, stride=stride, groups=inner)
    branch = nn.Sequential(*rectified(inputs, inner, 1), *depthwise, *normalised(inner, outputs, 1))
    if stride > 1:
        return branch
    return Residual(branch, nn.Identity() if inputs == outputs else nn.Sequential(*normalised(inputs, outputs, 1)))


class MobileNetV2(ImageClassifier):
    """MobileNetV2 as in Price and Tanner 2021, with torch's default initialisation.

    Differences from Sandler et al. 2018: ReLU instead of ReLU6, an expansion layer even if the factor is 1, and a
    projection shortcut in blocks of stride 1 that change the channels.
    """

    def __init__(self, settings: MobileNetSettings) -> None:
        def scaled(channels: int) -> int:
            return max(1, round(channels * settings.width / 32))

        inputs = settings.width
        layers = rectified(settings.channels, inputs, 3)
        for expansion, channels, blocks, stride in STAGES:
            for block in range(blocks):
                layers.append(_block(inputs, scaled(channels), expansion, 1 if block else stride))
                inputs = scaled(channels)
        layers += rectified(inputs, scaled(LAST), 1)
        super().__init__(nn.Sequential(*layers), scaled(LAST), settings.classes)
        self.settings = settings
