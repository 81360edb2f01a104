"""Rolling: a circular shift of every clip in time by a random number of samples or frames (Koutini 2021, App. A.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from asc.augmentations.augmentation import Augmentation, Batch, Draws, Stage
from common.errors import check_at_least


def roll(clips: Tensor, shift: Tensor) -> Tensor:
    """Roll each clip circularly along its last axis.

    Parameters
    ----------
    clips
        Waveforms (batch, sample) or spectrograms (batch, mel, frame).
    shift
        Places to shift each clip towards later times; shape (batch,).

    Examples
    --------
    >>> roll(torch.tensor([[1, 2, 3], [4, 5, 6]]), torch.tensor([1, 0])).tolist()
    [[3, 1, 2], [4, 5, 6]]
    """
    length = clips.shape[-1]
    source = (torch.arange(length, device=clips.device) - shift[:, None]) % length
    return clips.gather(-1, source.view(len(clips), *[1] * (clips.dim() - 2), length).expand_as(clips))


@dataclass(frozen=True, kw_only=True)
class _Rolled(Augmentation):
    """Clips rolled by a uniform random shift of at most `reach` to either side."""

    reach: int

    def __post_init__(self) -> None:
        """Check the reach."""
        check_at_least(self, 0, "reach")

    def draw(self, generator: np.random.Generator, size: int) -> Draws:
        """Draw the shift of each clip."""
        return {"shift": generator.integers(-self.reach, self.reach, size, endpoint=True)}

    def apply(self, batch: Batch, draws: Mapping[str, Tensor]) -> Batch:
        """Roll the clips."""
        return batch._replace(inputs=roll(batch.inputs, draws["shift"]))


@dataclass(frozen=True, kw_only=True)
class RolledWaveforms(_Rolled, kind="roll-waveform"):
    """Waveforms rolled by up to `reach` samples; their spectrograms are computed on the training device."""

    reach: int = 4000
    """Largest shift to either side, in samples."""

    stage: ClassVar[Stage] = "waveform"


@dataclass(frozen=True, kw_only=True)
class RolledFrames(_Rolled, kind="roll-frames"):
    """Spectrograms rolled by up to `reach` frames."""

    reach: int = 8
    """Largest shift to either side, in frames."""

    stage: ClassVar[Stage] = "spectrogram"
