"""Perceptrons with one hidden layer: the student of Casper 2021, and the MNIST networks of Golubeva 2021."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from common.errors import ConfigError, check_choice
from models.vision.named_initialisers import truncated_normal
from models.vision.settings import VisionSettings

Activation = Literal["relu", "linear"]
Parametrisation = Literal["standard", "ntk"]
Deviations = Literal["equal", "published-code"]


@dataclass(frozen=True, kw_only=True)
class MlpSettings(VisionSettings, kind="mlp"):
    """Settings of a perceptron; the defaults are those of the student of Casper 2021 at size 1x.

    Attributes
    ----------
    width, classes, inputs
        Numbers of hidden units, outputs and inputs.
    activation
        Activation of the hidden units; `linear` is the identity.
    bias
        Whether both layers have biases.
    parametrisation
        `ntk` divides the output of each layer, bias included, by the square root of its fan-in (Golubeva 2021,
        sections 2.3 and 3, and its public code).
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
    """Perceptron with one hidden layer, whose units are measured at the module `activation`."""

    sites = ("activation",)

    def __init__(self, settings: MlpSettings) -> None:
        super().__init__()
        self.hidden = nn.Linear(settings.inputs, settings.width, bias=settings.bias)
        self.activation = nn.ReLU() if settings.activation == "relu" else nn.Identity()
        self.classifier = nn.Linear(settings.width, settings.classes, bias=settings.bias)
        self.settings = settings

    def prefactor(self, layer: nn.Linear) -> float:
        """Return the factor of the outputs of `layer`."""
        return 1.0 if self.settings.parametrisation == "standard" else 1 / math.sqrt(layer.in_features)

    def forward(self, x: Tensor) -> Tensor:
        """Map vectors (batch, input), or images with the same number of values, to logits (batch, class)."""
        units = self.activation(self.hidden(x.flatten(1)) * self.prefactor(self.hidden))
        return self.classifier(units) * self.prefactor(self.classifier)  # type: ignore[no-any-return]


def initialise_mlp(network: Mlp, sigma: float, seed: int, deviations: Deviations = "equal") -> None:
    """Draw all weights from normal distributions truncated at two standard deviations, in place; biases are zero.

    Parameters
    ----------
    network
        On the CPU.
    sigma
        Standard deviation of the classifier's weights before truncation; the paper's default is 0.01.
    seed
        The same seed gives the same weights, independent of earlier draws.
    deviations
        Standard deviation of the hidden layer's weights: `equal` to sigma, as in the paper; `published-code`, a tenth
        of sigma (1e-3 c and 1e-2 c, for c from 1e-2 to 1e7).

    Raises
    ------
    ConfigError
        If `sigma` is not a positive number, or `deviations` is unknown.
    """
    if not 0 < sigma < math.inf:
        raise ConfigError("sigma", sigma, "a positive number")
    check_choice("deviations", deviations, Deviations)
    generator = torch.Generator().manual_seed(seed)
    hidden = sigma if deviations == "equal" else sigma / 10
    for layer, deviation in ((network.hidden, hidden), (network.classifier, sigma)):
        truncated_normal(layer.weight, deviation, generator)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
