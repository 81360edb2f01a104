"""Interface of a weight scheme: settings that parametrise a network's weights and count its trained values."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from common.errors import ConfigError, check_choice
from common.identity import Variant
from models.counts import Counts, network_counts
from models.network import NetworkSettings
from models.prunable import Masks, prunable
from models.pruning.allocation import AllocationName, allocate, sizes_of
from models.pruning.masks import random_masks
from models.pruning.scores import Batch

VALUE_BYTES, POSITION_BYTES = 4, 4


@dataclass(frozen=True, kw_only=True)
class Laying:
    """Context in which schemes are laid over a network.

    Parameters
    ----------
    settings
        Settings of the network.
    seed
        Seed of random choices.
    batches
        Training batches for the scores of pruning methods.
    stored
        State dict of the same network with the scheme, if any: the kept weights are then read from it.
    """

    settings: NetworkSettings
    seed: int = 0
    batches: Iterable[Batch] = ()
    stored: Mapping[str, Tensor] | None = None


@dataclass(frozen=True, kw_only=True)
class Scheme(Variant, ABC):
    """Base class of weight schemes, which compute the weights of a network from trained values.

    `models.weights.schemes` lists all schemes.

    Attributes
    ----------
    chooses
        Whether the scheme determines the trained values. A network has at most one such scheme. Other schemes, such as
        damping, transform its weight and are laid after it.
    """

    chooses: ClassVar[bool] = True

    def resolved(self, epochs: int, warmup: int) -> "Scheme":
        """Return the scheme with unset values filled in that depend on a run's epochs and its warm-up epochs."""
        return self

    @abstractmethod
    def lay(self, network: nn.Module, laying: Laying) -> None:
        """Lay the scheme over `network`, in place."""

    def trained(self, counts: Counts, settings: NetworkSettings) -> int:
        """Return the number of trained values of a network with this scheme, batch norm and biases included."""
        return counts.parameters

    def extra_bytes(self, counts: Counts, settings: NetworkSettings) -> int:
        """Return the bytes of the state dict besides the trained values and the network's buffers."""
        return 0

    def before_epoch(self, network: nn.Module, epoch: int) -> None:
        """Change the weights in place before epoch 0, 1, ... is trained."""

    @property
    def label(self) -> str:
        """Short name, for run folders and figures."""
        return self.kind


@dataclass(frozen=True, kw_only=True)
class KeepsWeights(Scheme):
    """Base class of schemes that keep some weights of convolutions and linear layers; batch norm and biases are kept.

    Parameters
    ----------
    kept
        Number of weights kept: one number in total, or one per layer, in order.
    base_width
        Alternative to `kept`: keep as many weights as the same network of this width has.

    Raises
    ------
    ConfigError
        If neither or both are set.
    """

    kept: tuple[int, ...] = ()
    base_width: int | None = None

    def __post_init__(self) -> None:
        """Check that the number of weights is set once."""
        if bool(self.kept) == (self.base_width is not None):
            raise ConfigError("kept", self.kept, "numbers of weights, or base_width instead")
        if self.base_width is not None and self.base_width < 1:
            raise ConfigError("base_width", self.base_width, "a whole number of at least 1")

    def budget(self, settings: NetworkSettings) -> tuple[int, ...]:
        """Return the number of weights kept: one number in total, or one per layer.

        Raises
        ------
        ConfigError
            If `base_width` is above the width of the network.
        """
        if self.base_width is None:
            return self.kept
        return (network_counts(narrowed(settings, self.base_width)).weights,)

    def by_layer(self, network: nn.Module, settings: NetworkSettings) -> dict[str, int] | int:
        """Return the number of weights kept by layer name, or one number in total.

        Raises
        ------
        ConfigError
            If `kept` has neither one number nor one per layer.
        """
        budget, layers = self.budget(settings), prunable(network)
        if len(budget) not in (1, len(layers)):
            raise ConfigError("kept", budget, f"one number in total, or one per layer: {', '.join(layers)}")
        return budget[0] if len(budget) == 1 else dict(zip(layers, budget, strict=True))

    def trained(self, counts: Counts, settings: NetworkSettings) -> int:
        """Return the number of weights kept plus all other parameters."""
        return sum(self.budget(settings)) + counts.others

    def extra_bytes(self, counts: Counts, settings: NetworkSettings) -> int:
        """Return the bytes of the positions of kept weights; a layer that keeps all weights has none."""
        budget, sizes = self.budget(settings), sizes_of(counts.shapes).values()
        if len(budget) == 1:
            return POSITION_BYTES * budget[0]
        return POSITION_BYTES * sum(kept for kept, size in zip(budget, sizes, strict=True) if kept < size)

    @property
    def label(self) -> str:
        """Name, and `base_width` if set."""
        return self.kind if self.base_width is None else f"{self.kind}-of-w{self.base_width}"


@dataclass(frozen=True, kw_only=True)
class KeepsRandomWeights(KeepsWeights):
    """Base class of schemes that keep weights at random positions.

    Parameters
    ----------
    allocation
        Allocation of a total number of weights to layers, see `models.pruning.allocation`.
    """

    allocation: AllocationName = "water_level"

    def __post_init__(self) -> None:
        """Check every value."""
        super().__post_init__()
        check_choice("allocation", self.allocation, AllocationName)

    def masks(self, network: nn.Module, laying: Laying, *, io_only: bool = False) -> Masks:
        """Return the masks of the kept weights: drawn from the seed, or those of a stored state."""
        if laying.stored is not None:
            return stored_masks(network, laying.stored)
        counts = self.by_layer(network, laying.settings)
        if isinstance(counts, int):
            counts = allocate(network, counts, self.allocation)
        return random_masks(network, counts, laying.seed, io_only=io_only)


def narrowed(settings: NetworkSettings, base_width: int) -> NetworkSettings:
    """Return the settings of the same network at a smaller width.

    Raises
    ------
    ConfigError
        If `base_width` is above the width of the network.
    """
    if not 1 <= base_width <= settings.width:
        raise ConfigError("base_width", base_width, f"from 1 to the width of the network, {settings.width}")
    return replace(settings, width=base_width)


def stored_masks(network: nn.Module, stored: Mapping[str, Tensor]) -> Masks:
    """Return the masks of a stored state by layer name; layers that keep all weights are absent."""
    masks: Masks = {}
    for name, layer in prunable(network).items():
        positions = stored.get(f"{name}.parametrizations.weight.0.positions")
        if positions is not None:
            flat = torch.zeros(layer.weight.numel(), dtype=torch.bool)
            flat[positions.long()] = True
            masks[name] = flat.view(layer.weight.shape)
    return masks
