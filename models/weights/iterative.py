"""Iterative magnitude pruning: the smallest weights are removed during training (Koutini 2021, App. A.4)."""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from common.errors import ConfigError, check_choice
from models.counts import Counts
from models.network import NetworkSettings
from models.prunable import prunable
from models.pruning.allocation import shapes_of, sizes_of
from models.pruning.magnitude import MagnitudeSchedule, least_kept, prune_smallest
from models.weights.masked import lay_masks, present_masks, set_masks
from models.weights.scheme import KeepsWeights, Laying

Magnitude = Literal["weight", "effective"]


@dataclass(frozen=True, kw_only=True)
class IterativePruning(KeepsWeights, kind="iterative"):
    """Remove the smallest weights over all layers during training, until the number of `kept` or `base_width` is met.

    Parameters
    ----------
    first_epoch
        First epoch, from 0, after which weights are removed; None: the first epoch after warm-up.
    epochs
        Number of epochs after which weights are removed; None: 4/7 of all epochs, as 200 of 350.
    time_constant
        Epochs in which the number of removed weights falls to 1/e; None: a quarter of `epochs`.
    magnitude
        Rank weights by their trained values (`weight`), or by the values after damping (`effective`).
    """

    first_epoch: int | None = None
    epochs: int | None = None
    time_constant: float | None = None
    magnitude: Magnitude = "effective"

    def __post_init__(self) -> None:
        """Check every value."""
        super().__post_init__()
        check_choice("magnitude", self.magnitude, Magnitude)
        if len(self.kept) > 1:
            raise ConfigError("kept", self.kept, "one number in total: weights of all layers are ranked together")

    def resolved(self, epochs: int, warmup: int) -> "IterativePruning":
        """Return the scheme with unset epochs filled in, in proportion to the epochs of a run.

        Raises
        ------
        ConfigError
            If pruning does not end before training.
        """
        first = warmup if self.first_epoch is None else self.first_epoch
        lasting = max(1, round(epochs * 4 / 7)) if self.epochs is None else self.epochs
        if first + lasting >= epochs:
            raise ConfigError("iterative.epochs", lasting, f"at most {epochs - 1 - first}: pruning must end first")
        constant = lasting / 4 if self.time_constant is None else self.time_constant
        return replace(self, first_epoch=first, epochs=lasting, time_constant=constant)

    @property
    def schedule(self) -> MagnitudeSchedule:
        """Number of weights remaining after each epoch; unset values have the paper's defaults, for 350 epochs."""
        given = {"first_epoch": self.first_epoch, "epochs": self.epochs, "time_constant": self.time_constant}
        return MagnitudeSchedule(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]

    def lay(self, network: nn.Module, laying: Laying) -> None:
        """Lay masks that keep all weights at first.

        Raises
        ------
        ConfigError
            If fewer weights are to be kept than 1 % of each layer, which is never removed.
        """
        lay_masks(network)
        least = sum(least_kept(sizes_of(shapes_of(network))).values())
        (kept,) = self.budget(laying.settings)
        if kept < least:
            field, value = ("kept", kept) if self.base_width is None else ("base_width", self.base_width)
            raise ConfigError(field, value, f"at least {least} weights: 1 % of each layer is never removed")

    def extra_bytes(self, counts: Counts, settings: NetworkSettings) -> int:
        """Return the bytes of the removed weights, which are stored as zeros, and of the masks."""
        return 4 * (counts.weights - sum(self.budget(settings))) + counts.weights

    @torch.no_grad()
    def before_epoch(self, network: nn.Module, epoch: int) -> None:
        """Remove the weights that the schedule removes before `epoch`; removed weights stay removed.

        Weights are ranked on the network's device, and only if the schedule removes any. Removed weights are set to
        zero before each epoch, as an optimizer's momentum still changes them.
        """
        settings: NetworkSettings = network.settings  # type: ignore[assignment]
        total = sum(layer.weight.numel() for layer in prunable(network).values())
        (kept,) = self.budget(settings)
        before, remaining = (self.schedule.remaining(total, kept, passed) for passed in (epoch - 2, epoch - 1))
        if remaining == total:
            return
        masks = present_masks(network)
        if remaining < before:
            masks = prune_smallest(self._magnitudes(network), masks, remaining)
        set_masks(network, masks)

    def _magnitudes(self, network: nn.Module) -> dict[str, Tensor]:
        layers = prunable(network)
        if self.magnitude == "effective":
            return {name: layer.weight for name, layer in layers.items()}
        return {name: layer.get_parameter("parametrizations.weight.original") for name, layer in layers.items()}
