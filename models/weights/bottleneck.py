"""Bottlenecks that keep the number of weights constant as a network widens (Golubeva 2021, Section 2.3)."""

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.counts import Counts
from models.network import NetworkSettings
from models.prunable import prunable
from models.registry import build
from models.weights.laying import free_layers, lay
from models.weights.scheme import Laying, Scheme, narrowed


@dataclass(frozen=True, kw_only=True)
class LinearBottleneck(Scheme, kind="bottleneck"):
    """Low-rank weights, each the product of two factors, with as many weights as a narrower network.

    Parameters
    ----------
    base_width
        Width of the narrower network.
    """

    base_width: int

    def ranks(self, settings: NetworkSettings) -> dict[str, int]:
        """Return the rank of each layer.

        Raises
        ------
        ConfigError
            If `base_width` is above the width of the network.
        """
        with torch.device("meta"):
            unwidened = build(narrowed(settings, self.base_width))
        return linear_ranks(unwidened, settings.width / self.base_width)

    def lay(self, network: nn.Module, laying: Laying) -> None:
        """Replace each weight by two factors."""
        lay_linear_bottleneck(network, self.ranks(laying.settings))

    def trained(self, counts: Counts, settings: NetworkSettings) -> int:
        """Return the number of values in the factors of all layers, plus all other parameters."""
        sides = {name: shape[0] + math.prod(shape[1:]) for name, shape in counts.shapes.items()}
        return sum(rank * sides[name] for name, rank in self.ranks(settings).items()) + counts.others


class LowRank(nn.Module):
    """Parametrisation (first, second) -> second . first: a k x k convolution to `rank` channels, then 1 x 1.

    `first` has shape (rank, in, kh, kw) or (rank, in), `second` (out, rank).
    """

    def __init__(self, rank: int) -> None:
        super().__init__()
        self.rank = rank

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the dense weight."""
        # The weight is computed in full precision; the layer casts it.
        with torch.autocast(first.device.type, enabled=False):
            return (second @ first.flatten(1)).view(-1, *first.shape[1:])

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the factors of the nearest matrix of this rank; `second` has orthonormal columns."""
        matrix = weight.flatten(1).double()
        second = torch.linalg.eigh(matrix @ matrix.T).eigenvectors[:, -self.rank :]
        first = (second.T @ matrix).view(self.rank, *weight.shape[1:])
        return first.to(weight.dtype), second.contiguous().to(weight.dtype)


def linear_ranks(unwidened: nn.Module, factor: float) -> dict[str, int]:
    """Return the rank of each layer that keeps its number of weights when `unwidened` is widened by `factor`.

    The full rank min(k^2 in, out) before widening is divided by `factor` and rounded, to at least 1. The number of
    weights of hidden layers is then constant up to rounding.

    Raises
    ------
    ConfigError
        If `factor` is below 1.
    """
    if factor < 1:
        raise ConfigError("factor", factor, "a number of at least 1")
    shapes = {name: layer.weight.shape for name, layer in prunable(unwidened).items()}
    return {name: max(1, round(min(shape[1:].numel(), shape[0]) / factor)) for name, shape in shapes.items()}


def lay_linear_bottleneck(network: nn.Module, ranks: Mapping[str, int]) -> None:
    """Replace the weight of each layer that `ranks` names by the product of two factors.

    The initial product is the nearest matrix of this rank, scaled to the norm of the present weight. Weights that are
    initialised with zeros stay zero, and `second` still passes gradients. (The paper does not state the
    initialisation.)

    Raises
    ------
    ConfigError
        If a layer is unknown or already has a scheme (lay damping after this), or a rank does not fit its weight.
    """
    layers = free_layers(network, ranks)
    for name, layer in layers.items():
        most = min(layer.weight.shape[0], layer.weight.shape[1:].numel())
        if not 1 <= ranks[name] <= most:
            raise ConfigError(f"ranks[{name!r}]", ranks[name], f"a whole number from 1 to {most}")
    for name, layer in layers.items():
        norm = layer.weight.detach().norm()
        lay(layer, LowRank(ranks[name]))
        with torch.no_grad():
            first = layer.get_parameter("parametrizations.weight.original0")
            first.mul_(norm / first.norm().clamp(min=torch.finfo(first.dtype).tiny))


def inner_width(count: Callable[[int], int], budget: int) -> int:
    """Return the inner width of a non-linear bottleneck whose number of weights is closest to `budget`.

    Parameters
    ----------
    count
        Number of weights of the network as an increasing function of the inner width.

    Raises
    ------
    ConfigError
        If an inner width of 1 has more weights than `budget`.
    """
    if count(1) > budget:
        raise ConfigError("budget", budget, f"at least {count(1)}, the number of weights at inner width 1")
    high = 2
    while count(high) < budget:
        high *= 2
    above = bisect_left(range(high), budget, lo=1, key=count)
    return above if above == 1 or count(above) - budget < budget - count(above - 1) else above - 1
