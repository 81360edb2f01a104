"""Measurements of each recording during preparation: level, spectrum, clipping, offset, and loss by mixing channels.

The spectrum and the loss by mixing are measured on up to 16 frames, evenly spread over the clip, of `n_fft` samples.
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from data_prep.features import FeatureSettings
from data_prep.mixing import LOWEST, Samples, decibels, mixing_gain, power
from data_prep.recording import Recording

_FRAMES, _FEWEST = 16, 4  # at most half of a clip's samples, but at least four frames
_LOWEST_BAND = 50.0  # Hz
_BANDS_PER_OCTAVE = 6
_FULL = 0.99  # of full scale; the largest sample of an 8-bit recording is 0.992
_WINDOW_ENERGY = 0.375  # of a Hann window, per sample
_MIDDLE = 300.0  # Hz; above it, a constant offset affects the spectrogram only by raising the floor


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """The measurements of one recording.

    Attributes
    ----------
    rate, channels
        Sample rate in Hz and number of channels of the file.
    gain
        Level of the mono signal relative to the loudest channel, dB; see `data_prep.mixing.mixing_gain`.
    clipped
        Share of the file's samples at full scale, 0 to 1.
    level
        RMS level of the prepared waveform without its mean, dB; 0 dB is the RMS of a constant 1.
    flattened
        Share of the spectrogram above 300 Hz, 0 to 1, that falls below the floor only because of a constant offset.
    spectrum
        Power density in the bands of `band_edges`, dB of full scale squared per Hz.
    """

    rate: int
    channels: int
    gain: float
    clipped: float
    level: float
    flattened: float
    spectrum: tuple[float, ...]

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Measurement":
        """Rebuild a measurement from its JSON form."""
        return cls(**{**value, "spectrum": tuple(value["spectrum"])})


@functools.lru_cache(maxsize=4)
def _edges(settings: FeatureSettings) -> NDArray[np.int64]:
    """Return the first bin of each band and the end of the last band; bands span 1/6 octave and at least one bin."""
    width, half = settings.sample_rate / settings.n_fft, settings.sample_rate / 2
    count = max(1, round(_BANDS_PER_OCTAVE * math.log2(half / _LOWEST_BAND))) if half > _LOWEST_BAND else 1
    hertz = half * 2.0 ** (-np.arange(count, -1, -1) / _BANDS_PER_OCTAVE)
    return np.unique(np.rint(hertz / width).astype(np.int64))


def band_edges(settings: FeatureSettings) -> tuple[float, ...]:
    """Return the band edges of measured spectra in Hz, one more than there are bands."""
    return tuple(float(hertz) for hertz in _edges(settings) * settings.sample_rate / settings.n_fft)


@functools.lru_cache(maxsize=4)
def _window(length: int) -> Samples:
    window: Samples = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)
    return window


def _frames(samples: Samples, length: int) -> Samples:
    """Return evenly spread segments of `length` samples from samples (frames, ...), concatenated."""
    length = min(length, len(samples))
    count = min(_FRAMES, max(_FEWEST, len(samples) // (2 * length)))
    starts = np.linspace(0, len(samples) - length, count).astype(int).tolist()
    return np.concatenate([samples[start : start + length] for start in starts])


def _transform(waveform: Samples, offset: float, length: int) -> NDArray[np.complex64]:
    """Return the spectra (frame, bin) of segments of the waveform after subtracting `offset`."""
    frames = _frames(waveform, length).reshape(-1, length) - np.float32(offset)
    frames *= _window(length)
    spectra: NDArray[np.complex64] = scipy.fft.rfft(frames)
    return spectra


def _flattened(spectra: NDArray[np.complex64], squares: Samples, offset: float, settings: FeatureSettings) -> float:
    """Return the share of the spectrogram above 300 Hz that falls below the floor because of the offset.

    `spectra` and `squares` (their power) are those of the waveform without its offset. With a periodic Hann window of n
    samples, an offset changes only the bins 0 and 1, by n / 2 and -n / 4 times the offset.
    """
    gain = settings.n_fft * offset
    lowest = spectra[:, 0] + gain / 2, spectra[:, 1] - gain / 4
    loudest = float(squares.max())
    lifted = max(float(np.abs(values).max()) ** 2 for values in lowest)
    if lifted <= loudest:
        return 0.0
    drop = 10 ** (-settings.top_db / 10)
    inside = squares[:, math.ceil(_MIDDLE * settings.n_fft / settings.sample_rate) :]
    without, floor = (max(settings.amin, drop * peak) for peak in (loudest, lifted))
    return float(np.mean((inside >= without) & (inside < floor))) if inside.size else 0.0


def _clipped(recording: Recording) -> float:
    if recording.peak < _FULL:
        return 0.0
    size = np.abs(recording.channels)
    return float(np.count_nonzero((size >= _FULL) & (size <= 1))) / size.size


def measure(recording: Recording, mono: Samples, waveform: Samples, settings: FeatureSettings) -> Measurement:
    """Measure a recording.

    Parameters
    ----------
    recording
        The decoded recording.
    mono
        The channel or mix that is used, shape (frames,), at the recording's sample rate.
    waveform
        The prepared waveform, shape (samples,), at the features' sample rate; at least `n_fft` samples.
    settings
        Feature settings.
    """
    offset, length = float(waveform.mean()), settings.n_fft
    spectra = _transform(waveform, offset, length)
    squares = spectra.real**2 + spectra.imag**2
    several = recording.channels.shape[1] > 1
    gain = mixing_gain(_frames(recording.channels, length), _frames(mono, length)) if several else 0.0
    edges = _edges(settings)
    sums = np.add.reduceat(squares.sum(axis=0, dtype=np.float64)[: edges[-1]], edges[:-1])
    energy = _WINDOW_ENERGY * length * len(squares)
    bands = sums / np.diff(edges) * (2 / (settings.sample_rate * energy))
    levels = 10 * np.log10(np.maximum(bands, 10 ** (LOWEST / 10)))
    return Measurement(
        rate=recording.rate,
        channels=recording.channels.shape[1],
        gain=round(gain, 1),
        clipped=round(_clipped(recording), 6),
        level=round(decibels(power(waveform)), 2),
        flattened=round(_flattened(spectra, squares, offset, settings), 4),
        spectrum=tuple(levels.round(1).tolist()),
    )
