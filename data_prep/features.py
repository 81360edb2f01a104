"""Perceptually weighted mel spectrograms, for single clips on the CPU and for batches on any device."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from common.errors import ConfigError, DataError
from data_prep.filters import a_weighting, bin_frequencies, mel_filters

_BLOCK = 72  # frames transformed at once on the CPU, so that the working set fits into a core's cache
_CLIPS = 32  # clips transformed at once on other devices: 0.7 GB for clips of 10 s
_FLOAT32_RANGE = 1e7  # ratio of a frame's mean power to the floor up to which float32 is accurate enough
_LOWEST_WEIGHT = -80.0  # dB; lower bound of the A-weighting, as in librosa


@dataclass(frozen=True, kw_only=True)
class FeatureSettings:
    """Settings of the spectrogram; the defaults are those of Koutini 2021, App. A.1.

    Attributes
    ----------
    sample_rate
        Sample rate of the waveform in Hz.
    n_fft, hop_length
        Frame length (even) and hop length in samples.
    mels
        Number of mel bands (Slaney scale and norm).
    fmin, fmax
        Frequency range of the mel bands in Hz.
    top_db
        Dynamic range in dB; lower power is raised to this far below the clip's maximum.
    amin
        Lower bound of the power.

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
        """Return the number of frames of a clip of `samples`; one is centred on every `hop_length`-th sample.

        Raises
        ------
        DataError
            If the clip is too short for reflection padding.

        Examples
        --------
        >>> FeatureSettings().frames(10 * 22_050)
        431
        """
        if samples <= self.n_fft // 2:
            raise DataError(
                f"a clip of {samples} samples is too short for padding by {self.n_fft // 2} mirrored samples"
            )
        return 1 + samples // self.hop_length


class PerceptualMel(nn.Module):
    """Compute perceptually weighted mel spectrograms of waveforms (Koutini 2021, App. A.1).

    The power of a centred STFT (periodic Hann window, reflection padding) is converted to dB, clipped at `top_db` below
    the clip's maximum, A-weighted, and summed by Slaney mel filters. The filters are thus applied to decibels, not to
    power. The result is float32 and within 1e-3 of the composition of `librosa.stft`, `librosa.perceptual_weighting`
    and `librosa.filters.mel`, with or without autocast. The module is not differentiable and needs a device with
    float64.

    Parameters
    ----------
    settings
        Settings of the spectrogram; the defaults if None.

    Raises
    ------
    ConfigError
        If a mel band is too narrow to contain an STFT bin.

    Examples
    --------
    >>> front_end = PerceptualMel()
    >>> waveforms = torch.randn(2, 22_050)  # two clips of one second
    >>> front_end(waveforms).shape  # (clip, mel, frame)
    torch.Size([2, 256, 44])
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
            raise ConfigError("mels", self.settings.mels, "fewer bands, or a larger n_fft, so that no band is empty")
        n_fft = self.settings.n_fft
        for name, value in (
            # In float64: near the ends of the window, float32 errors of the cosine exceed its values.
            ("window", torch.hann_window(n_fft, dtype=torch.float64)),
            ("bins", torch.from_numpy(bins)),
            ("starts", torch.from_numpy(np.searchsorted(bands, np.arange(len(mel))))),
            # The factor from the natural logarithm to decibels is folded into the weights.
            ("weights", torch.from_numpy(mel[bands, bins] * (10 / math.log(10))).float()),
            # The filters are linear, so A-weighting adds a constant to each band.
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
            If the clips are too short for reflection padding.
        """
        self.settings.frames(waveform.shape[-1])
        parts = torch.split(waveform, 1 if _on_host(waveform) else _CLIPS)  # the power of one clip fits into the cache
        return torch.cat([self._spectrograms(clips) for clips in parts])

    def _spectrograms(self, waveform: Tensor) -> Tensor:
        frames = _reflect(waveform, self.settings.n_fft // 2).unfold(-1, self.settings.n_fft, self.settings.hop_length)
        power = self._power(frames, torch.float32 if _on_host(waveform) else torch.float64)
        floor = power.amax(dim=(0, 2)).mul_(10 ** (-self.settings.top_db / 10)).clamp_(min=self.settings.amin)[:, None]
        if _on_host(waveform):
            self._recompute_inexact(power, floor, frames)
        level = _logarithm_(torch.maximum(power, floor, out=power))
        # embedding_bag is a product with a sparse matrix that TF32 and bfloat16 settings do not affect.
        mel = nn.functional.embedding_bag(
            self.bins, level.flatten(1), self.starts, mode="sum", per_sample_weights=self.weights
        )
        return mel.add_(self.offset).view(-1, *power.shape[1:]).transpose(0, 1).contiguous()

    def _recompute_inexact(self, power: Tensor, floor: Tensor, frames: Tensor) -> None:
        """Recompute the power in float64 for frames where float32 is not accurate enough.

        Rounding errors of a transform spread over all bins. In a loud frame with some bins at the floor (for example, a
        click through a notch filter), the errors of these bins exceed 1e-3. Every fourth bin suffices for the check,
        because a Hann window spreads a spectral line over four bins.
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
    """Pad (clip, sample) by `length` mirrored samples at both ends, without repeating the end samples."""
    head, tail = waveform[:, 1 : length + 1], waveform[:, -length - 1 : -1]
    return torch.cat([head.flip(-1), waveform, tail.flip(-1)], dim=-1)


def _on_host(tensor: Tensor) -> bool:
    """Return whether `tensor` is in host memory, so that decisions may depend on its values.

    On other devices, reading a value synchronises with the device, which takes longer than transforming all frames in
    float64. While a graph is traced, there are no values.
    """
    return tensor.device.type == "cpu" and not torch.compiler.is_compiling()


def _logarithm_(power: Tensor) -> Tensor:
    """Take the natural logarithm in place."""
    if not _on_host(power):
        return power.log_()
    np.log(power.numpy(), out=power.numpy())  # three times as fast as torch.log with AVX-512
    return power
