"""The effective receptive field: how strongly each place of the input moves the middle of the penultimate layer.

Koutini 2021, App. C, after Luo et al. 2016.
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
from models.receptive_field import Reach, receptive_field
from models.resnet import AudioResNet

Layer = Literal["features", "class-map"]


@dataclass(frozen=True, kw_only=True)
class ErfMap:
    """An effective receptive field, cropped to the maximum receptive field and to the input.

    Parameters
    ----------
    values
        Mean absolute gradient, (mel, frame).
    first
        Mel band and frame of the input that `values[0, 0]` belongs to.
    centre
        Mel band and frame on which the maximum receptive field is centred.
    maximum
        Mel bands and frames that it spans, inside the input or not.
    clips
        How many clips were averaged.
    """

    values: NDArray[np.float64]
    first: tuple[int, int]
    centre: tuple[float, float]
    maximum: tuple[int, int]
    clips: int

    def offsets(self, axis: int) -> NDArray[np.float64]:
        """Return where the rows (axis 0) or columns (axis 1) of `values` stand relative to the centre."""
        return np.arange(self.values.shape[axis], dtype=np.float64) + self.first[axis] - self.centre[axis]


def mean_map(maps: Sequence[ErfMap]) -> ErfMap:
    """Return the mean of maps of one network's seeds, each scaled to sum 1 so that none counts for its gradients' size.

    Raises
    ------
    DataError
        If there is none, they are not of the same place, or one is zero everywhere.
    """
    if len({(erf.values.shape, erf.first, erf.centre) for erf in maps}) != 1:
        raise DataError(f"{len(maps)} effective receptive fields of different places have no mean")
    if not all(erf.values.sum() > 0 for erf in maps):
        raise DataError("an effective receptive field is zero everywhere, so that there is no mean with it")
    return replace(maps[0], values=np.mean([erf.values / erf.values.sum() for erf in maps], axis=0))


@dataclass(frozen=True)
class Extent:
    """What holds a share of an effective receptive field, see `extent`.

    Parameters
    ----------
    mels, frames
        Number of mel bands and of frames.
    reach
        How far the outermost of them are from the centre, in mel bands and in frames.
    """

    mels: int
    frames: int
    reach: tuple[float, float]


def _narrowest(erf: ErfMap, axis: int, share: float) -> tuple[int, float]:
    """Return how many places along an axis hold `share` of the mass, and how far they reach."""
    distance = np.abs(erf.offsets(axis))
    steps, step = np.unique(distance, return_inverse=True)
    held = np.cumsum(np.bincount(step, weights=erf.values.sum(axis=1 - axis)))
    # A sum of many numbers may miss an exact share by its rounding.
    reach = steps[np.argmax(held >= share * held[-1] * (1 - 1e-12))]
    return int(np.count_nonzero(distance <= reach)), float(reach)


def extent(erf: ErfMap, share: float) -> Extent:
    """Return the smallest intervals about the receptive field's centre that hold `share` of the mass.

    Along frequency the mass of a mel band is its sum over frames, along time that of a frame its sum over bands. An
    interval reaches equally far to both sides of the centre; places outside the input hold nothing and are not counted.

    Raises
    ------
    DataError
        If the map is zero everywhere, or not finite.
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


def penultimate(network: AudioResNet, layer: Layer) -> nn.Module:
    """Return the part of `network` that ends in its penultimate layer, by either reading of the word.

    `features` ends in the last residual block, `class-map` in the map of class scores before pooling.
    """
    return network.features if layer == "features" else nn.Sequential(network.features, network.classifier)


@dataclass(frozen=True)
class _Window:
    """One axis: what the middle output place sees of an input of `size` places."""

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
        """First place to compute: moved by whole jumps, so that every layer's places stay what they are."""
        return self.first - self.first % self.reach.jump

    @property
    def place(self) -> int:
        """Where the middle output place stands when the input begins at `start`."""
        return self.middle - self.start // self.reach.jump


def _windows(layer: nn.Module, batch: Tensor) -> tuple[_Window, _Window]:
    with torch.no_grad():
        size = layer(batch[:1]).shape[2:]
    mel, frame = (_Window(reach, batch.shape[i + 2], size[i] // 2) for i, reach in enumerate(receptive_field(layer)))
    return mel, frame


def _summed(layer: nn.Module, batch: Tensor, mel: _Window, frame: _Window) -> Tensor:
    """Return the absolute gradient at the places from `start` to `stop`, summed over a batch."""
    part = batch[:, :, mel.start : mel.stop, frame.start : frame.stop].detach().contiguous().requires_grad_()
    (gradient,) = torch.autograd.grad(layer(part)[:, :, mel.place, frame.place].sum(), part)
    return gradient.abs_().mean(dim=1).sum(dim=0, dtype=torch.float64)


def effective_receptive_field(layer: nn.Module, batches: Iterable[Tensor]) -> ErfMap:
    """Return the mean absolute gradient of `layer`'s middle output place with respect to its input.

    The gradient is of the sum over the place's channels, in evaluation mode and float32; the mean over clips (and input
    channels). Where a recording is digital silence, neighbours tie in a max pool and rounding decides between them.

    Only the part of the input that the place can see is computed, which changes nothing: a side of it that lies inside
    the input lies inside every layer, so no padding is met there, and a side that does not is left whole.

    Parameters
    ----------
    layer
        Layers that `models.receptive_field` knows, such as `penultimate` returns.
    batches
        Normalised spectrograms (batch, channel, mel, frame) of one size on the device of `layer`.

    Raises
    ------
    DataError
        If there is no clip.
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
