"""What a recording device does to sound: a frequency response, its own noise, dynamic range compression.

A device is laid over a clip that a good microphone recorded. Its frequency response is an impulse response, measured
(`load_response`) or composed of second-order bands (`parametric_response`); both are normalised alike.
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

_TAPS = 4096  # 93 ms at 44.1 kHz: a 50 Hz corner has died out 120 dB down
_SHORTEST = 0.0005  # seconds; less cannot hold even the treble of a microphone
_ONSET = 0.01  # of the peak: there is noise before the sound arrives
_PINK_RANGE = (100.0, 10_000.0)  # Hz


@dataclass(frozen=True, kw_only=True)
class Band:
    """One second-order section of a frequency response.

    Parameters
    ----------
    kind
        highpass and lowpass cut (12 dB per octave), peak raises or lowers around `frequency`, shelves beyond it.
    frequency
        Corner or centre in Hz.
    gain
        dB, for peak and shelves.
    quality
        Sharpness; the square root of a half is the flattest corner.
    """

    kind: Literal["highpass", "lowpass", "peak", "lowshelf", "highshelf"]
    frequency: float
    gain: float = 0.0
    quality: float = 0.5**0.5

    def section(self, rate: int) -> Samples:
        """Return the section's coefficients at `rate`, shape (6,): analogue prototype, then bilinear transform."""
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
        # The transform's rate puts the prototype's corner, 1 rad/s, exactly at `frequency`.
        return np.concatenate(bilinear(above, below, 0.5 / np.tan(np.pi * self.frequency / rate)))


@dataclass(frozen=True, kw_only=True)
class Compression:
    """Soft-knee dynamic range compression that follows the short-time level of the clip.

    Parameters
    ----------
    threshold
        Middle of the knee, in dB above the RMS level of the clip, so that it acts alike on quiet and loud clips.
    ratio
        Far above the threshold this many dB more at the input give 1 dB more at the output.
    time
        Time constant of the level in seconds.
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
        """Compress `samples`, shape (frames,), and bring them back to the RMS level that they had."""
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
    """A microphone and what stands behind it.

    Parameters
    ----------
    rate
        Samples per second of the clips it is used on, and of `response`.
    response
        Impulse response, shape (taps,).
    noise
        RMS level of its own white noise in dB of full scale; None for none.
    compression
        None for a linear device.
    """

    rate: int
    response: Samples
    noise: float | None = None
    compression: Compression | None = None

    def record(self, samples: NDArray[np.floating], rng: np.random.Generator | None = None) -> Samples:
        """Return what this device makes of a mono clip.

        Parameters
        ----------
        samples
            Clip, shape (frames,), full scale 1.
        rng
            Where the noise comes from; needed only by a device that has noise.

        Returns
        -------
        Samples
            Shape (frames,), float64, in time with the clip: the response's peak is its time 0, and what rings on
            after the clip's end is cut off. May exceed 1.
        """
        # Not cut off before its peak: what precedes that, 30 dB down in some measurements, is part of the treble.
        late = int(np.abs(self.response).argmax())
        out = fftconvolve(np.asarray(samples, np.float64), self.response)[late : late + len(samples)]
        if self.noise is not None:
            if rng is None:
                raise ValueError("a device with noise needs a random generator")
            out += 10 ** (self.noise / 20) * rng.standard_normal(len(out))
        return self.compression(out, self.rate) if self.compression else out


def normalise_response(response: Samples, rate: int) -> Samples:
    """Take from an impulse response what is no property of a microphone's colour: polarity and level.

    The largest swing is positive, and pink noise (100 Hz to 10 kHz, or to half the rate) keeps its level: a measure
    that depends neither on the rate nor on what a microphone does at 20 kHz. The delay stays; `Device` undoes it.
    """
    hertz = np.geomspace(_PINK_RANGE[0], min(_PINK_RANGE[1], rate / 2), 256)
    _, spectrum = freqz(response, worN=hertz, fs=rate)
    polarity = np.sign(response[np.abs(response).argmax()])
    normalised: Samples = response * (polarity / np.sqrt(np.mean(np.abs(spectrum) ** 2)))
    return normalised


def parametric_response(bands: Sequence[Band], rate: int) -> Samples:
    """Return the normalised impulse response of `bands` one after the other, shape (4096,)."""
    impulse = np.zeros(_TAPS)
    impulse[0] = 1.0
    if bands:
        impulse = sosfilt(np.stack([band.section(rate) for band in bands]), impulse)
    return normalise_response(impulse, rate)


def load_response(path: Path, rate: int) -> Samples:
    """Read a measured impulse response, of any rate, length, level, delay and polarity, for clips at `rate`.

    Returns
    -------
    Samples
        Normalised response at `rate`, shape (taps,).

    Raises
    ------
    DataError
        If the file cannot be read, is silent or holds less than half a millisecond of response. The message gives the
        reason; the caller knows the name.
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
    # Room before it: the resampler spreads its beginning to both sides.
    padded = np.pad(response, (recording.rate // 200, 0))
    return normalise_response(soxr.resample(padded, recording.rate, rate, quality="HQ"), rate)
