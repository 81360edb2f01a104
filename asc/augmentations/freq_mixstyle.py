"""Freq-MixStyle: frequency-wise statistics of each spectrogram are mixed with those of another (Kim et al. 2022)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from asc.augmentations.augmentation import PARTNER, PLACE, Augmentation, Batch, Draws, Stage
from common.errors import ConfigError, check_choice

_EPSILON = 1e-6


def mix_statistics(spectrograms: Tensor, first: Tensor, second: Tensor, weight: Tensor) -> Tensor:
    """Give each spectrogram a mixture of two spectrograms' mean and standard deviation, band by band.

    Parameters
    ----------
    spectrograms
        Shape (batch, ..., mel, frame).
    first, second
        Places in the batch of the spectrograms to return, and of their partners; shape (mixture,).
    weight
        Weight of the own statistics, 0 to 1; shape (mixture,).

    Returns
    -------
    Tensor
        Shape (mixture, ..., mel, frame).
    """
    own = spectrograms[first]
    axes = tuple(axis for axis in range(1, own.ndim) if axis != own.ndim - 2)  # channels and frames
    with torch.no_grad():
        variance, mean = torch.var_mean(spectrograms.float(), dim=axes, keepdim=True)
        deviation = (variance + _EPSILON).sqrt()
        share = weight.view(-1, *[1] * (own.ndim - 1))
        mixed_mean, mixed_deviation = (torch.lerp(each[second], each[first], share) for each in (mean, deviation))
    mixed = (own.float() - mean[first]) / deviation[first] * mixed_deviation + mixed_mean
    return mixed.to(spectrograms.dtype)


@dataclass(frozen=True, kw_only=True)
class FreqMixStyle(Augmentation, kind="freq-mixstyle"):
    """Mean and deviation of each mel band, over channels and frames, mixed with a partner's; labels stay."""

    probability: float = 0.4
    """Share of the batches that are augmented."""
    alpha: float = 0.3
    """Shape of the Beta distribution of the mixture weights, above 0."""
    of: Literal["spectrogram", "input"] = "input"
    """Spectrograms before normalisation, or normalised network inputs."""

    def __post_init__(self) -> None:
        """Check every value."""
        check_choice("of", self.of, Literal["spectrogram", "input"])
        if not 0 <= self.probability <= 1:
            raise ConfigError("probability", self.probability, "a number from 0 to 1")
        if not self.alpha > 0:
            raise ConfigError("alpha", self.alpha, "a number above 0")

    @property
    def stage(self) -> Stage:  # type: ignore[override]
        """What the augmentation is applied to."""
        return self.of

    def draw(self, generator: np.random.Generator, size: int) -> Draws:
        """Draw whether the batch is augmented, partners and weights; a weight of 1 leaves an example as it is."""
        chosen, partner = generator.random() < self.probability, generator.permutation(size)
        weight = generator.beta(self.alpha, self.alpha, size)
        return {PARTNER: partner, "weight": np.where(chosen, weight, 1).astype(np.float32)}

    def apply(self, batch: Batch, draws: Mapping[str, Tensor]) -> Batch:
        """Mix the statistics."""
        first = draws[PLACE]
        mixed = mix_statistics(batch.inputs, first, draws[PARTNER], draws["weight"])
        return batch.at(first)._replace(inputs=mixed)
