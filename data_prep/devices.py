"""Simulated recording devices: frequency response, noise and dynamic range compression.

A device is applied to a clip that a good microphone recorded. Its frequency response is given as an impulse response,
either measured (`load_response`) or composed of second-order sections (`parametric_response`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import bilinear, fftconvolve, freqz, lfilter, sosfilt

from common.errors import ConfigError, DataError
from data_prep.recording import read_recording

Samples: TypeAlias = NDArray[np.float64]

_TAPS = 4096  # 93 ms at 44.1 kHz: the response of a 50 Hz corner has decayed by 120 dB
_SHORTEST = 0.0005  # seconds; a shorter response does not even cover high frequencies
_ONSET = 0.01  # of the peak; weaker samples before it are noise
_PINK_RANGE = (100.0, 10_000.0)  # Hz


@dataclass(frozen=True, kw_only=True)
class Band:
    """One second-order section of a frequency response.

    Parameters
    ----------
    kind
        Type of filter: `highpass` or `lowpass` (12 dB per octave), `peak`, `lowshelf` or `highshelf`.
    frequency
        Corner or centre frequency in Hz.
    gain
        Gain in dB of a peak or shelf.
    quality
        Q factor; the default, the square root of 1/2, gives a Butterworth response.
    """

    kind: Literal["highpass", "lowpass", "peak", "lowshelf", "highshelf"]
    frequency: float
    gain: float = 0.0
    quality: float = 0.5**0.5

    def section(self, rate: int) -> Samples:
        """Return the coefficients of the section at sample rate `rate`, shape (6,), by the bilinear transform."""
        if not 0 < self.frequency < rate / 2:
            raise ConfigError("frequency", self.frequency, f"between 0 and half of the rate {rate} Hz")
        if self.quality <= 0:
            raise ConfigError("quality", self.quality, "above 0")
        root, bandwidth = 10 ** (self.gain / 40), 1 / self.quality
        shelf = root**0.5 * bandwidth
        above, below = {
            "highpass": ([1, 0, 0], [1, bandwidth, 1]),
            "lowpass": ([0, 0, 1], [1, bandwidth, 1]),
            "peak": ([1, bandwidth * root, 1], [1, bandwidth / root, 1]),
            "lowshelf": ([root, root * shelf, root * root], [root, shelf, 1]),
            "highshelf": ([root * root, root * shelf, root], [1, shelf, root]),
        }[self.kind]
        # This rate of the transform maps the prototype's corner, 1 rad/s, to `frequency`.
        return np.concatenate(bilinear(above, below, 0.5 / np.tan(np.pi * self.frequency / rate)))


@dataclass(frozen=True, kw_only=True)
class Compression:
    """Soft-knee dynamic range compression of the short-time level.

    Parameters
    ----------
    threshold
        Middle of the knee, in dB above the RMS level of the clip.
    ratio
        Compression ratio far above the threshold: dB at the input per dB at the output.
    time
        Time constant of the level detector in seconds.
    """

    threshold: float = 0.0
    ratio: float = 2.0
    time: float = 0.01

    def __post_init__(self) -> None:
        if self.ratio < 1:
            raise ConfigError("ratio", self.ratio, "at least 1 (1 does nothing)")
        if self.time <= 0:
            raise ConfigError("time", self.time, "above 0 seconds")

    def __call__(self, samples: Samples, rate: int) -> Samples:
        """Compress `samples`, shape (frames,), and restore their RMS level."""
        power = np.mean(samples**2)
        if power == 0:
            return samples
        keep = np.exp(-1 / (self.time * rate))
        before = np.mean(samples[: max(1, int(self.time * rate))] ** 2)
        level, _ = lfilter([1 - keep], [1, -keep], samples**2, zi=[keep * before])
        out: Samples = samples * (1 + level / (power * 10 ** (self.threshold / 10))) ** (0.5 / self.ratio - 0.5)
        out *= np.sqrt(power / np.mean(out**2))
        return out


@dataclass(frozen=True, kw_only=True, eq=False)
class Device:
    """A recording device.

    Parameters
    ----------
    rate
        Sample rate of `response` and of the clips, Hz.
    response
        Impulse response, shape (taps,).
    noise
        RMS level of the device's white noise in dB of full scale; None for a noiseless device.
    compression
        Dynamic range compression; None for a linear device.
    """

    rate: int
    response: Samples
    noise: float | None = None
    compression: Compression | None = None

    def record(self, samples: NDArray[np.floating], rng: np.random.Generator | None = None) -> Samples:
        """Return a mono clip as recorded by this device.

        Parameters
        ----------
        samples
            Clip, shape (frames,), full scale 1.
        rng
            Generator of the noise; required only for a device with noise.

        Returns
        -------
        Samples
            Shape (frames,), float64, aligned with the clip: the peak of the response is at time 0, and the decay after
            the end of the clip is cut off. Samples may exceed 1.
        """
        # Samples of the response before its peak are kept: they affect high frequencies.
        late = int(np.abs(self.response).argmax())
        out = fftconvolve(np.asarray(samples, np.float64), self.response)[late : late + len(samples)]
        if self.noise is not None:
            if rng is None:
                raise ValueError("a device with noise needs a random generator")
            out += 10 ** (self.noise / 20) * rng.standard_normal(len(out))
        return self.compression(out, self.rate) if self.compression else out


def normalise_response(response: Samples, rate: int) -> Samples:
    """Normalise polarity and gain of an impulse response, shape (taps,).

    The largest sample becomes positive. The gain is chosen so that pink noise from 100 Hz to 10 kHz (or half the rate)
    keeps its level. The delay is kept; `Device` compensates it.
    """
    hertz = np.geomspace(_PINK_RANGE[0], min(_PINK_RANGE[1], rate / 2), 256)
    _, spectrum = freqz(response, worN=hertz, fs=rate)
    polarity = np.sign(response[np.abs(response).argmax()])
    normalised: Samples = response * (polarity / np.sqrt(np.mean(np.abs(spectrum) ** 2)))
    return normalised


def parametric_response(bands: Sequence[Band], rate: int) -> Samples:
    """Return the normalised impulse response of `bands` in series, shape (4096,)."""
    impulse = np.zeros(_TAPS)
    impulse[0] = 1.0
    if bands:
        impulse = sosfilt(np.stack([band.section(rate) for band in bands]), impulse)
    return normalise_response(impulse, rate)


def load_response(path: Path, rate: int) -> Samples:
    """Read a measured impulse response and resample it to `rate`.

    Its sample rate, length, level, delay and polarity may be arbitrary.

    Returns
    -------
    Samples
        Normalised response at `rate`, shape (taps,).

    Raises
    ------
    DataError
        If the file cannot be read, is silent or holds less than half a millisecond of response. The message gives the
        reason without the file name.
    """
    recording = read_recording(path)
    response = recording.samples.astype(np.float64)
    swing = np.abs(response)
    if not swing.any():
        raise DataError("is a silent impulse response")
    sounding = swing >= _ONSET * swing.max()
    seconds = (len(response) - int(sounding.argmax())) / recording.rate
    if seconds < _SHORTEST:
        raise DataError(f"holds {1000 * seconds:.2f} ms of impulse response; at least 0.5 ms are needed")
    # Padding before the onset, because the resampler's filter is symmetric.
    padded = np.pad(response, (recording.rate // 200, 0))
    return normalise_response(soxr.resample(padded, recording.rate, rate, quality="HQ"), rate)
