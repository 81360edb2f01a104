"""Bottlenecks that hold the number of weights while a network widens (Golubeva 2021, Section 2.3)."""

from bisect import bisect_left
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.prunable import prunable
from models.weights.laying import free_layers, lay


class LowRank(nn.Module):
    """Parametrisation (first, second) -> second . first: a k x k convolution to `rank` channels, then a 1 x 1 one.

    `first` has shape (rank, in, kh, kw) or (rank, in), `second` (out, rank).
    """

    def __init__(self, rank: int) -> None:
        super().__init__()
        self.rank = rank

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the dense weight."""
        # A weight is formed at full precision; the layer that uses it casts it.
        with torch.autocast(first.device.type, enabled=False):
            return (second @ first.flatten(1)).view(-1, *first.shape[1:])

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the factors of the nearest matrix of that rank; `second` has orthonormal columns."""
        matrix = weight.flatten(1).double()
        second = torch.linalg.eigh(matrix @ matrix.T).eigenvectors[:, -self.rank :]
        first = (second.T @ matrix).view(self.rank, *weight.shape[1:])
        return first.to(weight.dtype), second.contiguous().to(weight.dtype)


def linear_ranks(unwidened: nn.Module, factor: float) -> dict[str, int]:
    """Return the rank of every layer's bottleneck that pays for widening `unwidened` by `factor`.

    A bottleneck of min(k^2 in, out) channels, counted before widening, loses nothing; it is divided by `factor` and
    rounded, to one channel at least. For a hidden layer that holds the number of weights, up to rounding.

    Raises
    ------
    ConfigError
        If `factor` is under 1.
    """
    if factor < 1:
        raise ConfigError("factor", factor, "a number of at least 1")
    shapes = {name: layer.weight.shape for name, layer in prunable(unwidened).items()}
    return {name: max(1, round(min(shape[1:].numel(), shape[0]) / factor)) for name, shape in shapes.items()}


def lay_linear_bottleneck(network: nn.Module, ranks: Mapping[str, int]) -> None:
    """Make every named layer's weight the product of two factors, with nothing between them.

    It starts as the nearest matrix of its rank, scaled to the norm of the present weight: an initialisation by zeros
    stays one, and `second` still lets gradients through. (The paper does not say how its factors start.)

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
    """Return the inner width of a non-linear bottleneck whose network comes closest to `budget` weights.

    Parameters
    ----------
    count
        Weights of the network by inner width; it grows with it.

    Raises
    ------
    ConfigError
        If even an inner width of 1 costs more than `budget`.
    """
    if count(1) > budget:
        raise ConfigError("budget", budget, f"at least {count(1)}, which an inner width of 1 costs")
    high = 2
    while count(high) < budget:
        high *= 2
    above = bisect_left(range(high), budget, lo=1, key=count)
    return above if above == 1 or count(above) - budget < budget - count(above - 1) else above - 1
