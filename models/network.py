"""Interface of a network: its settings, and the modules that measurements use.

A network is an `nn.Module` that is built from its settings and keeps them in the attribute `settings`. Optional:

- `features`, a module whose output is the last feature map (batch, channel, row, column), and `classifier`, a module
  that maps the feature map, or its mean over rows and columns, to class scores. Effective receptive fields need both.
- `sites`, the names of the modules whose units are measured (Casper 2021), from input to output.
- `initialise_fixup(seed)`, which initialises the network with a residual scaling.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from common.errors import ConfigError
from common.identity import Variant


@dataclass(frozen=True, kw_only=True)
class NetworkSettings(Variant):
    """Base class of network settings; each network of the registry has a subclass.

    Parameters
    ----------
    width
        Channels, or units, of the first layer. The widths of all other layers are proportional to it.
    classes
        Number of outputs.
    """

    width: int = 32
    classes: int = 10

    initial: ClassVar[str] = "torch"
    """Default initialisation of a run, see `models.initialisation`."""

    def __post_init__(self) -> None:
        """Check every size."""
        self.check_least("width", 1)
        self.check_least("classes", 2)

    def check_least(self, field: str, least: int) -> None:
        """Raise ConfigError if the number in `field` is below `least`."""
        if getattr(self, field) < least:
            raise ConfigError(field, getattr(self, field), f"a whole number of at least {least}")

    @property
    def label(self) -> str:
        """Short name, for run folders and figures."""
        return f"{self.kind}-w{self.width}"


def _part(network: nn.Module, name: str) -> nn.Module:
    part = getattr(network, name, None)
    if not isinstance(part, nn.Module):
        settings = getattr(network, "settings", None)
        kind = settings.kind if isinstance(settings, NetworkSettings) else type(network).__name__
        raise ConfigError("network", kind, f"a network that has a feature map (its module `{name}`)")
    return part


def feature_layers(network: nn.Module) -> nn.Module:
    """Return the module whose output is the last feature map, (batch, channel, row, column).

    Raises
    ------
    ConfigError
        If the network has no feature map, such as a perceptron.
    """
    return _part(network, "features")


class _PerPlace(nn.Module):
    """A linear layer applied at each position of a feature map."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(layer.in_features, layer.out_features, 1, bias=layer.bias is not None)
        with torch.no_grad():
            self.convolution.weight.copy_(layer.weight[:, :, None, None])
            if layer.bias is not None and self.convolution.bias is not None:
                self.convolution.bias.copy_(layer.bias)
        self.convolution.to(layer.weight.device)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channel, row, column) to class scores (batch, class, row, column)."""
        return self.convolution(x)  # type: ignore[no-any-return]


def class_map_layers(network: nn.Module) -> nn.Module:
    """Return a module whose output is the map of class scores, (batch, class, row, column); its mean is the logits.

    A linear classifier of the mean over positions equals the mean of the classifier applied at each position.

    Raises
    ------
    ConfigError
        If the network has no feature map.
    """
    features, classifier = feature_layers(network), _part(network, "classifier")
    spatial = _PerPlace(classifier) if isinstance(classifier, nn.Linear) else classifier
    return nn.Sequential(features, spatial)


def unit_sites(network: nn.Module) -> tuple[str, ...]:
    """Return the names of the modules whose units are measured (Casper 2021), from input to output.

    Raises
    ------
    ConfigError
        If the network has no `sites`.
    """
    sites: tuple[str, ...] = getattr(network, "sites", ())
    if not sites:
        raise ConfigError("sites", type(network).__name__, "a network with sites; name modules of this one yourself")
    return sites
