"""VGG-19 with batch norm and one linear layer (after Simonyan and Zisserman 2015), for small images, by width."""

from torch import nn

from models.vision.settings import VisionSettings
from models.vision.units import ImageClassifier, rectified

# Convolutions in a stage and how many times the width they make; a max pool stands between two stages.
STAGES = ((2, 1), (2, 2), (4, 4), (4, 8), (4, 8))


class Vgg19(ImageClassifier):
    """VGG-19 as Price and Tanner 2021 train it: no bias but the classifier's; weights start as torch draws them."""

    def __init__(self, settings: VisionSettings) -> None:
        layers: list[nn.Module] = []
        inputs = 3
        for stage, (convolutions, factor) in enumerate(STAGES):
            if stage:
                layers.append(nn.MaxPool2d(2))
            for _ in range(convolutions):
                layers += rectified(inputs, factor * settings.width, 3)
                inputs = factor * settings.width
        super().__init__(nn.Sequential(*layers), inputs, settings.classes)
        self.settings = settings
