"""LeNet-5 (LeCun et al. 1998) for colour images of 32 x 32, by width, as Price and Tanner 2021 train it."""

from collections import OrderedDict
from dataclasses import dataclass

from torch import nn

from models.vision.settings import VisionSettings


@dataclass(frozen=True, kw_only=True)
class LeNetSettings(VisionSettings):
    """Size of a LeNet-5: its hidden layers are `width`, 8/3, 20 and `units` / 6 times `width` wide, rounded down.

    Parameters
    ----------
    units
        Of the last hidden layer at width 6. 84 is LeNet-5's; the public code of Price and Tanner 2021 has 82.
    bias
        Whether the layers have biases; in that code they have none.
    """

    width: int = 6
    units: int = 84
    bias: bool = True

    def __post_init__(self) -> None:
        """Check every size."""
        super().__post_init__()
        self.check_least("units", 6)


class LeNet5(nn.Sequential):
    """Three convolutions and two linear layers; from images (batch, 3, 32, 32) to logits (batch, class).

    After the first two convolutions' ReLUs stand average pools. Weights and biases start as torch draws them.
    """

    def __init__(self, settings: LeNetSettings) -> None:
        bias = settings.bias
        first, second, third, fourth = (n * settings.width // 6 for n in (6, 16, 120, settings.units))
        layers: dict[str, nn.Module] = {
            "conv1": nn.Conv2d(3, first, 5, bias=bias),
            "relu1": nn.ReLU(),
            "pool1": nn.AvgPool2d(2),
            "conv2": nn.Conv2d(first, second, 5, bias=bias),
            "relu2": nn.ReLU(),
            "pool2": nn.AvgPool2d(2),
            "conv3": nn.Conv2d(second, third, 5, bias=bias),
            "relu3": nn.ReLU(),
            "flatten": nn.Flatten(),
            "fc4": nn.Linear(third, fourth, bias=bias),
            "relu4": nn.ReLU(),
            "fc5": nn.Linear(fourth, settings.classes, bias=bias),
        }
        super().__init__(OrderedDict(layers))
        self.settings = settings
