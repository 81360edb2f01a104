"""Perceptrons of one hidden layer: the student of Casper 2021, and what Golubeva 2021 trains on digits."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.vision.named_initialisers import truncated_normal
from models.vision.settings import VisionSettings

Activation = Literal["relu", "linear"]
Parametrisation = Literal["standard", "ntk"]
Deviations = Literal["equal", "published-code"]


@dataclass(frozen=True, kw_only=True)
class MlpSettings(VisionSettings):
    """Size and kind of a perceptron; the defaults are the student's, in its paper's size 1x.

    Attributes
    ----------
    width, classes, inputs
        Hidden units, outputs, and numbers in an input.
    activation
        `linear` leaves the hidden units as they are.
    bias
        Of both layers.
    parametrisation
        `ntk` divides what either layer makes, bias and all, by the root of its fan-in (Golubeva 2021, sections 2.3
        and 3, and its public code).
    """

    width: int = 128
    classes: int = 2
    inputs: int = 10
    activation: Activation = "relu"
    bias: bool = True
    parametrisation: Parametrisation = "standard"

    def __post_init__(self) -> None:
        """Check every size and kind."""
        super().__post_init__()
        self.check_least("inputs", 1)
        for field, kinds in (("activation", get_args(Activation)), ("parametrisation", get_args(Parametrisation))):
            if getattr(self, field) not in kinds:
                raise ConfigError(field, getattr(self, field), f"one of {', '.join(kinds)}")


class Mlp(nn.Module):
    """A hidden layer and a linear one; `activation` is where the hidden units can be measured."""

    sites = ("activation",)

    def __init__(self, settings: MlpSettings) -> None:
        super().__init__()
        self.hidden = nn.Linear(settings.inputs, settings.width, bias=settings.bias)
        self.activation = nn.ReLU() if settings.activation == "relu" else nn.Identity()
        self.classifier = nn.Linear(settings.width, settings.classes, bias=settings.bias)
        self.settings = settings

    def prefactor(self, layer: nn.Linear) -> float:
        """Return what `layer`'s outputs are multiplied by."""
        return 1.0 if self.settings.parametrisation == "standard" else 1 / math.sqrt(layer.in_features)

    def forward(self, x: Tensor) -> Tensor:
        """Map vectors (batch, input), or images of as many numbers, to logits (batch, class)."""
        units = self.activation(self.hidden(x.flatten(1)) * self.prefactor(self.hidden))
        return self.classifier(units) * self.prefactor(self.classifier)  # type: ignore[no-any-return]


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
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
