"""From bytes to what a network takes: shifted and scaled by statistics of the training images, or of each image."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from common.errors import ConfigError
from data_prep.images.sets import Inputs

NormalisationName = Literal["none", "unit", "channel", "imagenet", "image", "pixel"]

_WHITE = 255.0
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # mean and deviation, of values from 0 to 1
_ROWS = 1_000


@dataclass(frozen=True, eq=False)
class Normalisation:
    """What is done to a batch, the same on every device.

    Attributes
    ----------
    mean, scale
        Subtracted, then multiplied by; of a shape that goes with a batch.
    each
        Whether after that each image is standardised by itself.
    """

    mean: Tensor
    scale: Tensor
    each: bool = False

    def __call__(self, batch: Tensor) -> Tensor:
        """Return `batch`, bytes or float32 (example, ...), normalised, float32."""
        batch = (batch.float() - self.mean) * self.scale
        return standardised(batch) if self.each else batch

    def to(self, device: torch.device) -> "Normalisation":
        """Return this normalisation for batches on `device`."""
        return Normalisation(self.mean.to(device), self.scale.to(device), self.each)


def standardised(images: Tensor) -> Tensor:
    """Return each image less its mean, over its deviation or 1/sqrt(its values) if that is more.

    TensorFlow's per_image_standardization; `images` are float32 (example, ...) on the scale of bytes.
    """
    flat = images.flatten(1)
    deviation = flat.std(dim=1, keepdim=True, correction=0).clamp_min(flat.shape[1] ** -0.5)
    return ((flat - flat.mean(dim=1, keepdim=True)) / deviation).view_as(images)


def _moments(inputs: Inputs, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and mean square of each value of an input over these rows."""
    total = np.zeros(inputs.shape[1:])
    squares = np.zeros_like(total)
    for start in range(0, len(rows), _ROWS):
        block = inputs[rows[start : start + _ROWS]].astype(np.float64)
        total += block.sum(axis=0)
        squares += np.einsum("n...,n...->...", block, block)
    return total / len(rows), squares / len(rows)


def _statistics(
    name: NormalisationName, inputs: Inputs, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what to subtract, and what to multiply by."""
    if name == "imagenet":
        mean, deviation = (np.reshape(values, (-1, 1, 1)) * _WHITE for values in _IMAGENET)
        return mean, 1 / deviation
    if name not in ("channel", "pixel"):
        return np.zeros(1), np.full(1, 1 / _WHITE if name == "unit" else 1.0)
    mean, square = _moments(inputs, rows)
    if name == "channel":
        mean, square = (values.mean(axis=(1, 2), keepdims=True) for values in (mean, square))
    variance = square - mean**2
    changes = variance > 1e-12 * square  # less is left over from rounding
    scale = np.zeros_like(mean)
    scale[changes] = variance[changes] ** -0.5
    return mean, scale


def fit_normalisation(name: NormalisationName, inputs: Inputs, rows: NDArray[np.int64]) -> Normalisation:
    """Return the normalisation called `name`.

    Parameters
    ----------
    name
        `none` leaves values as they are, for vectors. `unit` brings bytes to 0 to 1. `channel` takes mean and deviation
        of each channel, `pixel` of each value (0 where it never changes), `imagenet` ImageNet's published ones of
        channels, `image` those of each image itself.
    inputs, rows
        The training part, and the rows of it that are trained on: nothing else is looked at.

    Raises
    ------
    ConfigError
        If there is no such normalisation, or none such for these inputs.
    """
    if name not in get_args(NormalisationName):
        raise ConfigError("normalisation", name, f"one of {', '.join(get_args(NormalisationName))}")
    if len(inputs.shape) != 4 and name not in ("none", "pixel"):
        raise ConfigError("normalisation", name, "none or pixel, as inputs are vectors")
    if name == "imagenet" and inputs.shape[1] != 3:
        raise ConfigError("normalisation", name, f"for images of 3 channels; these have {inputs.shape[1]}")
    mean, scale = (torch.from_numpy(values).float() for values in _statistics(name, inputs, rows))
    return Normalisation(mean, scale, each=name == "image")
