"""Perceptually weighted mel spectrograms: one definition, for single clips on the CPU and for batches on any device."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from common.errors import ConfigError, DataError
from data_prep.filters import a_weighting, bin_frequencies, mel_filters

_BLOCK = 72  # frames transformed at once on the CPU: what they need stays in a core's cache
_CLIPS = 32  # clips transformed at once elsewhere: 0.7 GB where each has 10 s
_FLOAT32_RANGE = 1e7  # mean power of a frame over the floor up to which float32's rounding stays far enough below it
_LOWEST_WEIGHT = -80.0  # dB, of the A-weighting, as librosa has it


@dataclass(frozen=True, kw_only=True)
class FeatureSettings:
    """What a spectrogram is made with (Koutini 2021, App. A.1).

    Attributes
    ----------
    sample_rate
        Of the waveform, Hz.
    n_fft, hop_length
        Length of a frame (even) and distance between frames, samples.
    mels
        Mel bands (Slaney scale and norm) between `fmin` and `fmax`, Hz.
    top_db
        How far below the clip's largest power the floor lies, dB.
    amin
        Least power, whatever the clip's largest.

    Raises
    ------
    ConfigError
        If a value is not allowed.
    """

    sample_rate: int = 22_050
    n_fft: int = 2048
    hop_length: int = 512
    mels: int = 256
    fmin: float = 0.0
    fmax: float = 11_025.0
    top_db: float = 80.0
    amin: float = 1e-10

    def __post_init__(self) -> None:
        half = self.sample_rate / 2
        for field, holds, allowed in (
            ("sample_rate", self.sample_rate >= 1, "a rate in Hz, at least 1"),
            ("n_fft", self.n_fft >= 2 and self.n_fft % 2 == 0, "an even number of samples, at least 2"),
            ("hop_length", 1 <= self.hop_length <= self.n_fft, f"1 to n_fft = {self.n_fft} samples"),
            ("mels", self.mels >= 1, "at least 1 band"),
            ("fmax", 0 < self.fmax <= half, f"above 0 and at most half the sample rate, {half:g} Hz"),
            ("fmin", 0 <= self.fmin < self.fmax, f"0 or more and below fmax = {self.fmax:g} Hz"),
            ("top_db", 0 < self.top_db <= 200, "above 0 and at most 200 dB"),
            ("amin", 1e-30 <= self.amin < math.inf, "a power of at least 1e-30"),
        ):
            if not holds:
                raise ConfigError(field, getattr(self, field), allowed)

    def frames(self, samples: int) -> int:
        """Return how many frames a clip of `samples` has: one centred on every `hop_length`-th sample.

        Raises
        ------
        DataError
            If the clip is too short to be reflected at its ends.
        """
        if samples <= self.n_fft // 2:
            raise DataError(f"a clip of {samples} samples is too short: its ends are mirrored over {self.n_fft // 2}")
        return 1 + samples // self.hop_length


class PerceptualMel(nn.Module):
    """Waveforms to perceptually weighted mel spectrograms (Koutini 2021, App. A.1).

    Power of a centred STFT (periodic Hann, reflected ends), in dB, floored at `top_db` below the clip's maximum, plus
    the A-weighting of each frequency, summed by Slaney mel filters: a weighted sum of decibels, not the decibels of a
    weighted sum. In float32, within 1e-3 of `librosa.stft`, `librosa.perceptual_weighting` and
    `librosa.filters.mel` for any waveform, under autocast or not. Not differentiable. The device must know float64.

    Raises
    ------
    ConfigError
        If a mel band would be narrower than the distance between two frequencies and so hold none.
    """

    window: Tensor
    bins: Tensor
    starts: Tensor
    weights: Tensor
    offset: Tensor

    def __init__(self, settings: FeatureSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or FeatureSettings()
        frequencies = bin_frequencies(self.settings.sample_rate, self.settings.n_fft)
        mel = mel_filters(frequencies, self.settings.mels, self.settings.fmin, self.settings.fmax)
        loudness = a_weighting(frequencies, _LOWEST_WEIGHT)
        bands, bins = np.nonzero(mel)
        if len(np.unique(bands)) < len(mel):
            raise ConfigError("mels", self.settings.mels, "so few, or n_fft so large, that no band is empty")
        n_fft = self.settings.n_fft
        for name, value in (
            # In float64, for it is small at its ends, and cosines in float32 are off by more than its values there.
            ("window", torch.hann_window(n_fft, dtype=torch.float64)),
            ("bins", torch.from_numpy(bins)),
            ("starts", torch.from_numpy(np.searchsorted(bands, np.arange(len(mel))))),
            # The power's logarithm is the natural one; its step to decibels is taken here, for nothing.
            ("weights", torch.from_numpy(mel[bands, bins] * (10 / math.log(10))).float()),
            # The filters are linear: A-weighting the frequencies adds one constant to each band.
            ("offset", torch.from_numpy(mel @ loudness).float()[:, None]),
        ):
            self.register_buffer(name, value, persistent=False)

    @torch.no_grad()
    def forward(self, waveform: Tensor) -> Tensor:
        """Return the spectrograms of a batch of clips.

        Parameters
        ----------
        waveform
            Float32 of shape (clip, sample), full scale 1, at the settings' sample rate.

        Returns
        -------
        Tensor
            Float32 of shape (clip, mel, frame), on the waveform's device.

        Raises
        ------
        DataError
            If the clips are too short to be reflected at their ends.
        """
        self.settings.frames(waveform.shape[-1])
        parts = torch.split(waveform, 1 if _on_host(waveform) else _CLIPS)  # the power of one clip fits a CPU's cache
        return torch.cat([self._spectrograms(clips) for clips in parts])

    def _spectrograms(self, waveform: Tensor) -> Tensor:
        frames = _reflect(waveform, self.settings.n_fft // 2).unfold(-1, self.settings.n_fft, self.settings.hop_length)
        power = self._power(frames, torch.float32 if _on_host(waveform) else torch.float64)
        floor = power.amax(dim=(0, 2)).mul_(10 ** (-self.settings.top_db / 10)).clamp_(min=self.settings.amin)[:, None]
        if _on_host(waveform):
            self._mend(power, floor, frames)
        level = _logarithm_(torch.maximum(power, floor, out=power))
        # A sum of weighted rows is a product with a sparse matrix, which no TF32 or bfloat16 setting can coarsen.
        mel = nn.functional.embedding_bag(
            self.bins, level.flatten(1), self.starts, mode="sum", per_sample_weights=self.weights
        )
        return mel.add_(self.offset).view(-1, *power.shape[1:]).transpose(0, 1).contiguous()

    def _mend(self, power: Tensor, floor: Tensor, frames: Tensor) -> None:
        """Transform those frames in float64 whose `power`, as float32 has it, is not exact enough.

        A transform's rounding spreads over all bins. Where a frame is loud and flat but for some bins at the floor (a
        click through a notch), these would be off by more than 1e-3. Every fourth bin is enough to tell: a Hann window
        spreads whatever there is over four.
        """
        delicate = power[::4].mean(dim=0) > _FLOAT32_RANGE * floor
        if delicate.any():
            power[:, delicate] = self._power(frames[delicate][None], torch.float64)[:, 0]

    def _power(self, frames: Tensor, precision: torch.dtype) -> Tensor:
        """Return the power of frames (clip, frame, sample) as float32 (bin, clip, frame)."""
        window = self.window.to(precision)
        power = frames.new_empty(self.settings.n_fft // 2 + 1, *frames.shape[:2])
        at_once = _BLOCK if _on_host(frames) else frames.shape[1]
        for start in range(0, frames.shape[1], at_once):
            block = slice(start, start + at_once)
            squares = torch.view_as_real(torch.fft.rfft(frames[:, block] * window)).square_()
            torch.add(*squares.permute(3, 2, 0, 1), out=power[:, :, block])
        return power


def _reflect(waveform: Tensor, length: int) -> Tensor:
    """Mirror `length` samples at both ends of (clip, sample), the end samples themselves not repeated."""
    head, tail = waveform[:, 1 : length + 1], waveform[:, -length - 1 : -1]
    return torch.cat([head.flip(-1), waveform, tail.flip(-1)], dim=-1)


def _on_host(tensor: Tensor) -> bool:
    """Whether the processor that runs this code holds `tensor`, so that looking at its values costs nothing.

    Elsewhere a look makes the processor wait for everything that the device has still to do, more than it takes to
    transform all frames in float64; and a graph that is being recorded has no values to look at.
    """
    return tensor.device.type == "cpu" and not torch.compiler.is_compiling()


def _logarithm_(power: Tensor) -> Tensor:
    """Take the natural logarithm in place."""
    if not _on_host(power):
        return power.log_()
    np.log(power.numpy(), out=power.numpy())  # three times as fast as torch's where there is AVX-512
    return power
