"""VGG-19 with batch norm and one linear layer for small images (Simonyan and Zisserman 2015), scaled by width."""

from dataclasses import dataclass

from torch import nn

from models.vision.layers import ImageClassifier, rectified
from models.vision.settings import VisionSettings

# Number of convolutions and channels per width of each stage; max pools separate stages.
STAGES = ((2, 1), (2, 2), (4, 4), (4, 8), (4, 8))


@dataclass(frozen=True, kw_only=True)
class VggSettings(VisionSettings, kind="vgg19"):
    """Settings of a VGG-19: its stages have `width` times 1, 2, 4, 8 and 8 channels."""

    channels: int = 3


class Vgg19(ImageClassifier):
    """VGG-19 as in Price and Tanner 2021: only the classifier has a bias. Initialisation is torch's default."""

    def __init__(self, settings: VggSettings) -> None:
        layers: list[nn.Module] = []
        inputs = settings.channels
        for stage, (convolutions, factor) in enumerate(STAGES):
            if stage:
                layers.append(nn.MaxPool2d(2))
            for _ in range(convolutions):
                layers += rectified(inputs, factor * settings.width, 3)
                inputs = factor * settings.width
        super().__init__(nn.Sequential(*layers), inputs, settings.classes)
        self.settings = settings
