"""Effective receptive field: the gradient of the middle of the penultimate layer with respect to the input.

See Koutini 2021, App. C, and Luo et al. 2016.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from common.errors import DataError
from evaluation.frozen import frozen
from models.network import class_map_layers, feature_layers
from models.receptive_field import Reach, receptive_field

Layer = Literal["features", "class-map"]


@dataclass(frozen=True, kw_only=True)
class ErfMap:
    """An effective receptive field, cropped to the maximum receptive field and to the input.

    Parameters
    ----------
    values
        Mean absolute gradient, (mel, frame).
    first
        Mel band and frame of the input at `values[0, 0]`.
    centre
        Mel band and frame on which the maximum receptive field is centred.
    maximum
        Size of the maximum receptive field in mel bands and frames, parts outside the input included.
    clips
        Number of clips averaged.
    """

    values: NDArray[np.float64]
    first: tuple[int, int]
    centre: tuple[float, float]
    maximum: tuple[int, int]
    clips: int

    def offsets(self, axis: int) -> NDArray[np.float64]:
        """Return the positions of the rows (axis 0) or columns (axis 1) of `values` relative to the centre."""
        return np.arange(self.values.shape[axis], dtype=np.float64) + self.first[axis] - self.centre[axis]


def mean_map(maps: Sequence[ErfMap]) -> ErfMap:
    """Return the mean of the maps of several seeds, each scaled to a sum of 1.

    Raises
    ------
    DataError
        If there is no map, their shapes or positions differ, or one is zero everywhere.
    """
    if len({(erf.values.shape, erf.first, erf.centre) for erf in maps}) != 1:
        raise DataError(f"{len(maps)} effective receptive fields of different places have no mean")
    if not all(erf.values.sum() > 0 for erf in maps):
        raise DataError("an effective receptive field is zero everywhere, so that there is no mean with it")
    return replace(maps[0], values=np.mean([erf.values / erf.values.sum() for erf in maps], axis=0))


@dataclass(frozen=True)
class Extent:
    """Size of the part of an effective receptive field that holds a share of its mass, see `extent`.

    Parameters
    ----------
    mels, frames
        Number of mel bands and of frames.
    reach
        Distance of the outermost from the centre, in mel bands and in frames.
    """

    mels: int
    frames: int
    reach: tuple[float, float]


def _narrowest(erf: ErfMap, axis: int, share: float) -> tuple[int, float]:
    """Return the number of positions along an axis that hold `share` of the mass, and their reach."""
    distance = np.abs(erf.offsets(axis))
    steps, step = np.unique(distance, return_inverse=True)
    held = np.cumsum(np.bincount(step, weights=erf.values.sum(axis=1 - axis)))
    # Rounding of the sums must not exclude a position at which an exact share is reached.
    reach = steps[np.argmax(held >= share * held[-1] * (1 - 1e-12))]
    return int(np.count_nonzero(distance <= reach)), float(reach)


def extent(erf: ErfMap, share: float) -> Extent:
    """Return the smallest intervals about the receptive field's centre that hold `share` of the mass.

    Along frequency the mass of a mel band is its sum over frames, along time the mass of a frame is its sum over bands.
    An interval is symmetric about the centre. Positions outside the input have no mass and are not counted.

    Parameters
    ----------
    erf
        The effective receptive field.
    share
        Share of the mass, above 0 and at most 1.

    Raises
    ------
    DataError
        If the map is zero everywhere, or not finite.

    Examples
    --------
    >>> values = np.array([[0.0, 1.0, 0.0], [1.0, 6.0, 1.0], [0.0, 1.0, 0.0]])
    >>> erf = ErfMap(values=values, first=(10, 20), centre=(11.0, 21.0), maximum=(3, 3), clips=1)
    >>> extent(erf, 0.5)
    Extent(mels=1, frames=1, reach=(0.0, 0.0))
    >>> extent(erf, 0.95)
    Extent(mels=3, frames=3, reach=(1.0, 1.0))
    """
    total = erf.values.sum()
    if not np.isfinite(total):
        raise DataError("the effective receptive field is not finite: the network's weights have diverged")
    if total == 0:
        raise DataError(
            "the effective receptive field is zero everywhere and has no extent: the layer does not depend on the "
            "input (before training the fixup initialisation makes the class map zero; see init = kaiming)"
        )
    mels, frames = (_narrowest(erf, axis, share) for axis in (0, 1))
    return Extent(mels[0], frames[0], (mels[1], frames[1]))


def penultimate(network: nn.Module, layer: Layer) -> nn.Module:
    """Return the part of `network` that ends in its penultimate layer, by either reading of the word.

    `features` ends in the last feature map, `class-map` in the map of class scores before pooling.

    Raises
    ------
    ConfigError
        If the network has no feature map.
    """
    return feature_layers(network) if layer == "features" else class_map_layers(network)


@dataclass(frozen=True)
class _Window:
    """Receptive field of the middle output position along one axis of an input.

    Parameters
    ----------
    reach
        Receptive field of an output position along the axis.
    size
        Size of the input.
    middle
        Index of the middle output position.
    """

    reach: Reach
    size: int
    middle: int

    @property
    def first(self) -> int:
        return max(0, self.reach.first + self.reach.jump * self.middle)

    @property
    def centre(self) -> float:
        return self.reach.centre + self.reach.jump * self.middle

    @property
    def stop(self) -> int:
        return min(self.size, self.reach.last + self.reach.jump * self.middle + 1)

    @property
    def start(self) -> int:
        """First input position to compute: `first` moved by whole strides, so that every layer keeps its grid."""
        return self.first - self.first % self.reach.jump

    @property
    def place(self) -> int:
        """Index of the middle output position when the input begins at `start`."""
        return self.middle - self.start // self.reach.jump


def _windows(layer: nn.Module, batch: Tensor) -> tuple[_Window, _Window]:
    with torch.no_grad():
        size = layer(batch[:1]).shape[2:]
    mel, frame = (_Window(reach, batch.shape[i + 2], size[i] // 2) for i, reach in enumerate(receptive_field(layer)))
    return mel, frame


def _summed(layer: nn.Module, batch: Tensor, mel: _Window, frame: _Window) -> Tensor:
    """Return the absolute gradient at the positions from `start` to `stop`, summed over a batch."""
    part = batch[:, :, mel.start : mel.stop, frame.start : frame.stop].detach().contiguous().requires_grad_()
    (gradient,) = torch.autograd.grad(layer(part)[:, :, mel.place, frame.place].sum(), part)
    return gradient.abs_().mean(dim=1).sum(dim=0, dtype=torch.float64)


def effective_receptive_field(layer: nn.Module, batches: Iterable[Tensor]) -> ErfMap:
    """Return the mean absolute gradient of the middle output position of `layer` with respect to the input.

    The gradient is that of the sum over the position's channels, in evaluation mode and float32; the mean is over clips
    and input channels. In digital silence, neighbours tie in a max pool and rounding decides between them.

    Only the receptive field of the position is computed, which gives the same gradient: an edge of the receptive field
    inside the input is inside every layer and meets no padding, and an edge outside the input is not cropped.

    Parameters
    ----------
    layer
        Layers known to `models.receptive_field`, such as those of `penultimate`.
    batches
        Normalised spectrograms (batch, channel, mel, frame) of one size on the device of `layer`.

    Raises
    ------
    DataError
        If there is no clip.

    Examples
    --------
    Two convolutions with 3 x 3 kernels of ones: the middle position depends on 5 x 5 input positions.

    >>> layer = nn.Sequential(nn.Conv2d(1, 1, 3, bias=False), nn.Conv2d(1, 1, 3, bias=False))
    >>> for weight in layer.parameters():
    ...     _ = nn.init.ones_(weight)
    >>> erf = effective_receptive_field(layer, [torch.randn(2, 1, 16, 32)])
    >>> erf.values[2].tolist(), erf.maximum
    ([3.0, 6.0, 9.0, 6.0, 3.0], (5, 5))
    """
    total: Tensor | None = None
    clips = 0
    with frozen(layer), torch.enable_grad():
        for batch in batches:
            if total is None:
                mel, frame = _windows(layer, batch)
                total = batch.new_zeros(mel.stop - mel.start, frame.stop - frame.start, dtype=torch.float64)
            total += _summed(layer, batch, mel, frame)
            clips += len(batch)
    if total is None:
        raise DataError("there is no clip to compute an effective receptive field from")
    return ErfMap(
        values=(total / clips)[mel.first - mel.start :, frame.first - frame.start :].cpu().numpy(),
        first=(mel.first, frame.first),
        centre=(mel.centre, frame.centre),
        maximum=(mel.reach.size, frame.reach.size),
        clips=clips,
    )
