"""The student of Casper 2021: one hidden layer, taught by a smaller network of its kind on uncorrelated data."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.vision.named_initialisers import truncated_normal
from models.vision.settings import VisionSettings

Deviations = Literal["equal", "published-code"]


@dataclass(frozen=True, kw_only=True)
class MlpSettings(VisionSettings):
    """Size of a perceptron: `inputs`, hidden units (`width`) and `classes`; the defaults are the paper's size 1x."""

    width: int = 128
    classes: int = 2
    inputs: int = 10

    def __post_init__(self) -> None:
        """Check every size."""
        super().__post_init__()
        self.check_least("inputs", 1)


class Mlp(nn.Module):
    """A hidden layer of ReLUs and a linear one, with biases; `activation` is where the hidden units can be measured."""

    def __init__(self, settings: MlpSettings) -> None:
        super().__init__()
        self.hidden = nn.Linear(settings.inputs, settings.width)
        self.activation = nn.ReLU()
        self.classifier = nn.Linear(settings.width, settings.classes)
        self.settings = settings

    def forward(self, x: Tensor) -> Tensor:
        """Map vectors (batch, input) to logits (batch, class)."""
        return self.classifier(self.activation(self.hidden(x)))  # type: ignore[no-any-return]


def initialise_mlp(network: Mlp, sigma: float, seed: int, deviations: Deviations = "equal") -> None:
    """Set all weights from normal distributions cut off at two deviations, and the biases to zero, in place.

    Parameters
    ----------
    network
        On the CPU.
    sigma
        Deviation of the classifier's weights before cutting off; the paper's default is 0.01.
    seed
        The same seed gives the same weights, whatever was drawn before.
    deviations
        Those of the hidden layer's weights: `equal`, sigma as well, as the paper says; `published-code`, a tenth of it
        (1e-3 c and 1e-2 c, for c from 1e-2 to 1e7).

    Raises
    ------
    ConfigError
        If `sigma` is not a positive number, or `deviations` neither.
    """
    if not 0 < sigma < math.inf:
        raise ConfigError("sigma", sigma, "a positive number")
    if deviations not in get_args(Deviations):
        raise ConfigError("deviations", deviations, f"one of {', '.join(get_args(Deviations))}")
    generator = torch.Generator().manual_seed(seed)
    hidden = sigma if deviations == "equal" else sigma / 10
    for layer, deviation in ((network.hidden, hidden), (network.classifier, sigma)):
        truncated_normal(layer.weight, deviation, generator)
        nn.init.zeros_(layer.bias)
