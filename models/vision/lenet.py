"""LeNet-5 (LeCun et al. 1998) for colour images of 32 x 32, scaled by width, as in Price and Tanner 2021."""

from collections import OrderedDict
from dataclasses import dataclass

from torch import nn

from models.vision.settings import VisionSettings


@dataclass(frozen=True, kw_only=True)
class LeNetSettings(VisionSettings, kind="lenet5"):
    """Settings of a LeNet-5: its hidden layers have `width` times 1, 8/3, 20 and `units` / 6 units, rounded down.

    Parameters
    ----------
    units
        Units of the last hidden layer at width 6: 84 in LeNet-5, 82 in the public code of Price and Tanner 2021.
    bias
        Whether the layers have biases; they have none in that code.
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

    Average pools follow the ReLUs of the first two convolutions. Initialisation is torch's default.
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
