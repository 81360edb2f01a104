"""Mixup: each example is mixed with another of its batch, inputs and labels alike (Koutini 2021, App. A.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from asc.augmentations.augmentation import PARTNER, PLACE, Augmentation, Batch, Draws
from common.errors import ConfigError


def mix(inputs: Tensor, first: Tensor, second: Tensor, weight: Tensor) -> Tensor:
    """Return weight * inputs[first] + (1 - weight) * inputs[second], shape (mixture, ...)."""
    factor = weight.view(-1, *[1] * (inputs.dim() - 1)).to(inputs.dtype)
    return torch.lerp(inputs[second], inputs[first], factor)


@dataclass(frozen=True, kw_only=True)
class Mixup(Augmentation, kind="mixup"):
    """Each example mixed with a partner, with weight max(l, 1 - l), l ~ Beta(alpha, alpha)."""

    alpha: float = 0.3
    """Shape of the Beta distribution, above 0."""

    mixes_labels: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the shape."""
        if not self.alpha > 0:
            raise ConfigError("alpha", self.alpha, "a number above 0; leave mixup out of the augmentations for none")

    def draw(self, generator: np.random.Generator, size: int) -> Draws:
        """Draw a permutation of partners, and the weight of each example."""
        partner = generator.permutation(size)
        weight = generator.beta(self.alpha, self.alpha, size)
        return {PARTNER: partner, "weight": np.maximum(weight, 1 - weight).astype(np.float32)}

    def apply(self, batch: Batch, draws: Mapping[str, Tensor]) -> Batch:
        """Mix the inputs, and keep both labels with their weight."""
        first, second, weight = draws[PLACE], draws[PARTNER], draws["weight"]
        mixed = mix(batch.inputs, first, second, weight)
        return Batch(mixed, batch.labels[first], batch.labels[second], weight)
