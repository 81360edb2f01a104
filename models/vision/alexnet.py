"""AlexNet for images of 32 x 32 (Zhang et al. 2017), scaled by width, as in Casper 2021."""

from collections import OrderedDict
from dataclasses import dataclass

from torch import nn

from models.vision.settings import DropoutSettings

# Initial biases of the five layers.
BIASES = {"conv1": 0.0, "conv2": 0.1, "fc3": 0.1, "fc4": 0.1, "fc5": 0.0}


@dataclass(frozen=True, kw_only=True)
class AlexNetSettings(DropoutSettings, kind="alexnet"):
    """Settings of an AlexNet: its hidden layers have `width`, 8/3, 4 and 2 times `width` units, rounded down.

    The default is the paper's size 1x without dropout; the paper's dropout rate is 0.5.
    """

    width: int = 96


def _hidden(number: int, layer: nn.Conv2d | nn.Linear, then: dict[str, nn.Module]) -> dict[str, nn.Module]:
    """Return a layer, its ReLU and the modules `then`, by names that end with the number of the layer."""
    name = "conv" if isinstance(layer, nn.Conv2d) else "fc"
    layers = {name: layer, "relu": nn.ReLU(), **then}
    return {f"{kind}{number}": module for kind, module in layers.items()}


def _pooled() -> dict[str, nn.Module]:
    """Return a max pool, padded on the right and below if necessary, and the paper's local response normalisation.

    TensorFlow sums alpha = 2e-5 times the squares of channels within a radius of 2; torch averages over 5 channels.
    """
    pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
    return {"pool": pool, "norm": nn.LocalResponseNorm(5, alpha=5 * 2e-5, beta=0.75, k=1.0)}


class AlexNet(nn.Sequential):
    """Two convolutions and three linear layers, with biases; from images (batch, 3, 32, 32) to logits (batch, class).

    Weights have torch's default initialisation, biases the published one. The `sites` are the ReLUs, before pooling and
    dropout.
    """

    sites = ("relu1", "relu2", "relu3", "relu4")

    def __init__(self, settings: AlexNetSettings) -> None:
        first, second, third, fourth = (channels * settings.width // 96 for channels in (96, 256, 384, 192))
        layers = {
            **_hidden(1, nn.Conv2d(3, first, 5, padding=2), _pooled()),
            **_hidden(2, nn.Conv2d(first, second, 5, padding=2), _pooled()),
            "flatten": nn.Flatten(),
            **_hidden(3, nn.Linear(64 * second, third), {"dropout": nn.Dropout(settings.dropout)}),
            **_hidden(4, nn.Linear(third, fourth), {"dropout": nn.Dropout(settings.dropout)}),
            "fc5": nn.Linear(fourth, settings.classes),
        }
        super().__init__(OrderedDict(layers))
        for name, bias in BIASES.items():
            nn.init.constant_(self.get_parameter(f"{name}.bias"), bias)
        self.settings = settings
