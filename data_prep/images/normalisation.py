"""Normalisation of images by statistics of the training images or of each image."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from common.errors import ConfigError, check_choice
from data_prep.images.sets import Inputs

NormalisationName = Literal["none", "unit", "channel", "imagenet", "image", "pixel"]

_WHITE = 255.0
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # mean and standard deviation of values from 0 to 1
_ROWS = 1_000


@dataclass(frozen=True, eq=False)
class Normalisation:
    """Normalisation of a batch.

    Attributes
    ----------
    mean, scale
        Value subtracted from the batch, and factor applied afterwards; of shapes that broadcast with a batch.
    each
        Whether each image is standardised afterwards.
    """

    mean: Tensor
    scale: Tensor
    each: bool = False

    def __call__(self, batch: Tensor) -> Tensor:
        """Normalise `batch`, bytes or float32 (example, ...); return float32."""
        batch = (batch.float() - self.mean) * self.scale
        return standardised(batch) if self.each else batch

    def to(self, device: torch.device) -> "Normalisation":
        """Return this normalisation with its tensors on `device`."""
        return Normalisation(self.mean.to(device), self.scale.to(device), self.each)


def standardised(images: Tensor) -> Tensor:
    """Standardise each image to mean 0 and standard deviation 1, as TensorFlow's per_image_standardization.

    The standard deviation is bounded below by 1 / sqrt(number of values). `images` are float32 (example, ...) on the
    scale of bytes.

    Examples
    --------
    >>> standardised(torch.tensor([[0.0, 2.0, 4.0, 2.0]])).round(decimals=3)
    tensor([[-1.4140,  0.0000,  1.4140,  0.0000]])
    """
    flat = images.flatten(1)
    deviation = flat.std(dim=1, keepdim=True, correction=0).clamp_min(flat.shape[1] ** -0.5)
    return ((flat - flat.mean(dim=1, keepdim=True)) / deviation).view_as(images)


def _moments(inputs: Inputs, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and mean square of each value of an input over `rows`."""
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
    """Return the value to subtract and the factor of a normalisation."""
    if name == "imagenet":
        mean, deviation = (np.reshape(values, (-1, 1, 1)) * _WHITE for values in _IMAGENET)
        return mean, 1 / deviation
    if name not in ("channel", "pixel"):
        return np.zeros(1), np.full(1, 1 / _WHITE if name == "unit" else 1.0)
    mean, square = _moments(inputs, rows)
    if name == "channel":
        mean, square = (values.mean(axis=(1, 2), keepdims=True) for values in (mean, square))
    variance = square - mean**2
    changes = variance > 1e-12 * square  # smaller variances are rounding errors
    scale = np.zeros_like(mean)
    scale[changes] = variance[changes] ** -0.5
    return mean, scale


def fit_normalisation(name: NormalisationName, inputs: Inputs, rows: NDArray[np.int64]) -> Normalisation:
    """Return the normalisation called `name`.

    Parameters
    ----------
    name
        `none` keeps values, `unit` scales bytes to [0, 1], `channel` standardises each channel, `pixel` each value
        (constant values become 0), `imagenet` each channel by ImageNet's published statistics, and `image` each image
        by its own statistics.
    inputs, rows
        Inputs of the training part, and the rows that are trained on, from which statistics are computed.

    Raises
    ------
    ConfigError
        If the name is unknown, or the normalisation does not fit the inputs.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 256, (100, 3, 32, 32)).astype(np.uint8)
    >>> normalise = fit_normalisation("channel", images, np.arange(100))
    >>> batch = normalise(torch.from_numpy(images[:8]))
    >>> batch.shape, batch.dtype
    (torch.Size([8, 3, 32, 32]), torch.float32)
    """
    check_choice("normalisation", name, NormalisationName)
    if len(inputs.shape) != 4 and name not in ("none", "pixel"):
        raise ConfigError("normalisation", name, "none or pixel, because the inputs are vectors")
    if name == "imagenet" and inputs.shape[1] != 3:
        raise ConfigError("normalisation", name, f"for images of 3 channels; these have {inputs.shape[1]}")
    mean, scale = (torch.from_numpy(values).float() for values in _statistics(name, inputs, rows))
    return Normalisation(mean, scale, each=name == "image")
