"""The interface of a batch augmentation, and how processes that share a batch share its draws.

An augmentation is a settings dataclass. `draw` returns the random numbers of a whole batch, from a generator keyed by
(seed, epoch, step); `apply` does what they say, on the training device. Nothing else is random, so that continued runs,
loader workers and shared batches give the same weights.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from common.errors import ConfigError
from common.identity import Variant

Stage = Literal["waveform", "spectrogram", "input"]
Draws = dict[str, NDArray[np.generic]]
PLACE, PARTNER = "place", "partner"


class Batch(NamedTuple):
    """A batch on the training device.

    Attributes
    ----------
    inputs
        Waveforms (batch, sample), spectrograms (batch, mel, frame), or network inputs (batch, channel, row, column).
    labels
        Classes (batch,).
    others, weight
        Where labels are mixed: the second class of each example (batch,), and the weight of the first (batch,).
    """

    inputs: Tensor
    labels: Tensor
    others: Tensor | None = None
    weight: Tensor | None = None

    def at(self, places: Tensor) -> "Batch":
        """Return the batch of the examples at these places."""
        return Batch(*(None if each is None else each[places] for each in self))  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Augmentation(Variant, ABC):
    """One batch augmentation.

    Attributes
    ----------
    stage
        What it is applied to: waveforms, spectrograms before normalisation, or the normalised inputs of the network.
    mixes_labels
        Whether it sets `Batch.others` and `Batch.weight`, which only one augmentation of a run can.
    """

    stage: ClassVar[Stage] = "input"
    mixes_labels: ClassVar[bool] = False

    @abstractmethod
    def draw(self, generator: np.random.Generator, size: int) -> Draws:
        """Return the random numbers of a batch of `size` examples: arrays whose first axis is the example.

        An augmentation that combines examples draws `partner`, the place of the other example of each.
        """

    @abstractmethod
    def apply(self, batch: Batch, draws: Mapping[str, Tensor]) -> Batch:
        """Return the augmented batch.

        Parameters
        ----------
        draws
            What was drawn for the examples to return. Where there are partners, `place` and `partner` are the places of
            both in `batch`; otherwise the examples are those of `batch`, in order.
        """


def check_augmentations(augmentations: Sequence[Augmentation]) -> None:
    """Check that augmentations can be applied one after the other.

    Raises
    ------
    ConfigError
        If one is there twice, two mix labels, or their stages are not in order.
    """
    names = ", ".join(each.kind for each in augmentations)
    if len({each.kind for each in augmentations}) < len(augmentations):
        raise ConfigError("augmentations", names, "each augmentation once")
    if sum(each.mixes_labels for each in augmentations) > 1:
        raise ConfigError("augmentations", names, "at most one that mixes labels")
    order = [get_args(Stage).index(each.stage) for each in augmentations]
    if order != sorted(order):
        raise ConfigError("augmentations", names, f"in the order of their stages: {', '.join(get_args(Stage))}")


def draw_all(augmentations: Sequence[Augmentation], generator: np.random.Generator, size: int) -> list[Draws]:
    """Draw every augmentation of a batch, in order, from one generator."""
    return [each.draw(generator, size) for each in augmentations]


def share_of(drawn: Sequence[Draws], wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[Draws]]:
    """Return which examples of a batch must be loaded to make those at places `wanted`, and the draws for them.

    An example whose partner is in another process's share needs that partner too, and what comes before it.
    """
    shared: list[Draws] = []
    for draws in reversed(drawn):
        chosen = {name: values[wanted] for name, values in draws.items() if name != PARTNER}
        if PARTNER in draws:
            partner = draws[PARTNER].astype(np.int64)[wanted]
            needed = np.union1d(wanted, partner)
            chosen[PLACE], chosen[PARTNER] = np.searchsorted(needed, wanted), np.searchsorted(needed, partner)
            wanted = needed
        shared.insert(0, chosen)
    return wanted, shared


def apply_stage(
    stage: Stage, augmentations: Sequence[Augmentation], draws: Iterable[Mapping[str, Tensor]], batch: Batch
) -> Batch:
    """Apply the augmentations of one stage, in order."""
    for each, drawn in zip(augmentations, draws, strict=True):
        if each.stage == stage:
            batch = each.apply(batch, drawn)
    return batch
