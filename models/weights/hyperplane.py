"""Training in a random subspace: theta = theta_0 + P theta_d, with only theta_d trained (Li et al. 2018)."""

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from common.errors import ConfigError
from models.counts import Counts
from models.generators import layer_generator
from models.network import NetworkSettings
from models.weights.scheme import VALUE_BYTES, Laying, Scheme

Projection = Literal["dense", "sparse", "fastfood"]


@dataclass(frozen=True, kw_only=True)
class RandomHyperplane(Scheme, kind="hyperplane"):
    """Training in a random subspace of all parameters, biases and batch norm included.

    Parameters
    ----------
    dimension
        Number of trained values.
    projection
        Type of the matrix that maps them to parameters.
    """

    dimension: int
    projection: Projection = "fastfood"

    def lay(self, network: nn.Module, laying: Laying) -> None:
        """Freeze all parameters, and train coordinates of the subspace."""
        lay_hyperplane(network, self.dimension, kind=self.projection, seed=laying.seed)

    def trained(self, counts: Counts, settings: NetworkSettings) -> int:
        """Return the dimension."""
        return self.dimension

    def extra_bytes(self, counts: Counts, settings: NetworkSettings) -> int:
        """Return the bytes of the initial parameters, which are part of the state."""
        return VALUE_BYTES * counts.parameters

    @property
    def label(self) -> str:
        """Name and projection."""
        return f"{self.kind}-{self.projection}"


class DenseProjection(nn.Module):
    """Dense P with normal entries and columns of norm 1; stores size x dimension values."""

    matrix: Tensor

    def __init__(self, size: int, dimension: int, generator: torch.Generator) -> None:
        super().__init__()
        matrix = torch.randn(size, dimension, generator=generator)
        self.register_buffer("matrix", matrix / matrix.norm(dim=0), persistent=False)

    def forward(self, coordinates: Tensor) -> Tensor:
        """Map (dimension,) to (size,)."""
        return self.matrix @ coordinates


class SparseProjection(nn.Module):
    """Sparse P with entries of either sign that are non-zero with probability 1 / sqrt(size), columns of norm 1."""

    rows: Tensor
    columns: Tensor
    entries: Tensor

    def __init__(self, size: int, dimension: int, generator: torch.Generator) -> None:
        super().__init__()
        self.size = size
        # Entries are independent Bernoulli trials, so gaps between non-zero entries have a geometric distribution.
        cells, chance = size * dimension, 1 / math.sqrt(size)
        expected = cells * chance
        gaps = torch.empty(int(expected + 8 * math.sqrt(expected) + 8), dtype=torch.float64)
        cell = gaps.geometric_(chance, generator=generator).long().cumsum(0) - 1
        cell = cell[cell < cells]
        columns = cell // size
        signs = torch.randint(2, cell.shape, generator=generator) * 2 - 1
        norms = columns.bincount(minlength=dimension).sqrt()
        self.register_buffer("rows", (cell % size).int(), persistent=False)
        self.register_buffer("columns", columns.int(), persistent=False)
        self.register_buffer("entries", signs / norms[columns], persistent=False)

    def forward(self, coordinates: Tensor) -> Tensor:
        """Map (dimension,) to (size,)."""
        return coordinates.new_zeros(self.size).index_add(0, self.rows, self.entries * coordinates[self.columns])


def walsh_hadamard(x: Tensor) -> Tensor:
    """Return H x for a vector x of 2^k values, with the unnormalised Walsh-Hadamard matrix H in Sylvester's order."""
    half = 1
    while half < len(x):
        first, second = x.view(-1, 2, half).unbind(1)
        x = torch.stack((first + second, first - second), 1).flatten()
        half *= 2
    return x


class FastfoodProjection(nn.Module):
    """P = H G Pi H B, first rows only, with columns of norm 1 on average; stores three values per row."""

    signs: Tensor
    order: Tensor
    gains: Tensor

    def __init__(self, size: int, dimension: int, generator: torch.Generator) -> None:
        super().__init__()
        self.size, self.length = size, 2 ** math.ceil(math.log2(size))
        gains = torch.randn(self.length, generator=generator)
        norm = math.sqrt(self.length * float(gains.square().sum())) * math.sqrt(size / self.length)
        signs = torch.randint(2, (dimension,), generator=generator) * 2.0 - 1
        self.register_buffer("signs", signs, persistent=False)
        self.register_buffer("order", torch.randperm(self.length, generator=generator), persistent=False)
        self.register_buffer("gains", gains / norm, persistent=False)

    def forward(self, coordinates: Tensor) -> Tensor:
        """Map (dimension,) to (size,)."""
        padded = nn.functional.pad(self.signs * coordinates, (0, self.length - len(coordinates)))
        return walsh_hadamard(self.gains * walsh_hadamard(padded)[self.order])[: self.size]


_KINDS: dict[str, type[nn.Module]] = {
    "dense": DenseProjection,
    "sparse": SparseProjection,
    "fastfood": FastfoodProjection,
}


class Hyperplane(nn.Module):
    """The trained coordinates theta_d and their projection, which is computed once per forward pass."""

    def __init__(self, projection: nn.Module, coordinates: nn.Parameter) -> None:
        super().__init__()
        self.projection, self.coordinates = projection, coordinates
        self._current: Tensor | None = None
        self._handles: list[Any] = []

    def forward(self) -> Tensor:
        """Return P theta_d, shape (size,)."""
        if self._current is not None:
            return self._current
        with torch.autocast(self.coordinates.device.type, enabled=False):
            return self.projection(self.coordinates)  # type: ignore[no-any-return]

    def _begin(self, _network: nn.Module, _inputs: Any) -> None:
        self._current = self()

    def _end(self, _network: nn.Module, _inputs: Any, _output: Any) -> None:
        self._current = None

    def attach(self, network: nn.Module) -> None:
        """Compute the projection once per forward pass of `network`."""
        self._handles = [
            network.register_forward_pre_hook(self._begin),
            network.register_forward_hook(self._end, always_call=True),
        ]

    def detach(self) -> None:
        """Remove the hooks from the network."""
        for handle in self._handles:
            handle.remove()


class OnHyperplane(nn.Module):
    """Parametrisation theta_0 -> theta_0 + the parameter's part of P theta_d."""

    def __init__(self, plane: Hyperplane, offset: int) -> None:
        super().__init__()
        self._plane, self.offset = (plane,), offset
        if offset == 0:  # a child of the first parameter only, so that the state dict holds it once
            self.plane = plane

    def forward(self, start: Tensor) -> Tensor:
        """Return the parameter, of `start`'s shape."""
        displacement: Tensor = self._plane[0]()
        return start + displacement[self.offset : self.offset + start.numel()].view(start.shape)


def lay_hyperplane(network: nn.Module, dimension: int, *, kind: Projection, seed: int) -> None:
    """Train `network` only along `dimension` random directions from its present parameters.

    The present parameters, biases and batch norm included, are frozen and stay in the state dict. The trained
    coordinates start at zero and belong to the first parameter. P is drawn from `seed` and not stored: lay the same
    scheme before loading a state.

    Raises
    ------
    ConfigError
        If `kind` is unknown, a parameter already has a scheme (lay damping after this), or `dimension` is not between 1
        and the number of parameters.
    """
    if kind not in _KINDS:
        raise ConfigError("kind", kind, f"one of {', '.join(get_args(Projection))}")
    parameters = list(network.named_parameters())
    size = sum(parameter.numel() for _, parameter in parameters)
    if not 1 <= dimension <= size:
        raise ConfigError("dimension", dimension, f"a whole number from 1 to {size}")
    if any(parametrize.is_parametrized(module) for module in network.modules()):
        raise ConfigError("hyperplane", kind, "a network without schemes; lay damping last")
    example = parameters[0][1]
    # Not the generator of the initial weights, as P would repeat them with the same seed.
    projection = _KINDS[kind](size, dimension, layer_generator(seed, "hyperplane", 0)).to(example)
    plane = Hyperplane(projection, nn.Parameter(torch.zeros(dimension, dtype=example.dtype, device=example.device)))
    offset = 0
    for name, parameter in parameters:
        owner, _, tensor = name.rpartition(".")
        parameter.requires_grad_(False)
        parameter.grad = None
        module = network.get_submodule(owner)
        parametrize.register_parametrization(module, tensor, OnHyperplane(plane, offset), unsafe=True)
        offset += parameter.numel()
    plane.attach(network)
