"""What sources are built of: shaped noise, wavetable oscillators, bursts, slow changes. All keyed random numbers.

A clip here is a float64 array of shape (LENGTH,). Nothing calls BLAS, so the bits depend on no thread count.
"""

import hashlib
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft

Samples: TypeAlias = NDArray[np.float64]
Curve: TypeAlias = Sequence[tuple[float, float]]

RATE = 44_100
LENGTH = 5 * RATE
_TABLE = 4096


def generator(*names: object) -> np.random.Generator:
    """Return the random generator that belongs to `names`: the same numbers in whatever process and order."""
    key = hashlib.sha256("/".join(map(str, names)).encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key[:16], "little")))


def unit(samples: Samples) -> Samples:
    """Scale to an RMS level of 1; silence stays silence."""
    level = np.sqrt(np.mean(samples**2))
    return samples / level if level > 0 else samples


def noise(rng: np.random.Generator, curve: Curve, length: int = LENGTH) -> Samples:
    """Gaussian noise of RMS 1 whose spectrum follows `curve`, (Hz, dB) points joined on a logarithmic axis.

    Parameters
    ----------
    rng
        Source of randomness.
    curve
        Points in rising frequency; the first and last level hold beyond them.
    length
        Samples.
    """
    bins = length // 2 + 1
    hertz, decibels = np.array(curve, float).T
    frequency = np.arange(bins) * (RATE / length)
    level = np.interp(np.log(np.maximum(frequency, 1.0)), np.log(hertz), decibels)
    spectrum = rng.standard_normal(2 * bins).view(np.complex128) * np.exp(level * (np.log(10) / 20))
    return unit(irfft(spectrum, length))


def drift(rng: np.random.Generator, per_second: float, depth: float) -> Samples:
    """Return a gain that wanders: a new level about `per_second` times a second, `depth` dB (1 sigma) up or down."""
    knots = max(2, round(LENGTH / RATE * per_second) + 1)
    decibels = np.interp(np.linspace(0, knots - 1, LENGTH), np.arange(knots), depth * rng.standard_normal(knots))
    gain: Samples = np.exp(decibels * (np.log(10) / 20))
    return gain


def table(amplitudes: Samples, rng: np.random.Generator) -> Samples:
    """One period of a tone with these amplitudes of harmonics 1, 2, ... at random phases, RMS 1."""
    spectrum = np.zeros(_TABLE // 2 + 1, np.complex128)
    spectrum[1 : len(amplitudes) + 1] = amplitudes * np.exp(2j * np.pi * rng.random(len(amplitudes)))
    return unit(irfft(spectrum, _TABLE))


def oscillate(frequency: Samples, wave: Samples, choice: NDArray[np.intp] | None = None) -> Samples:
    """Play the period `wave`, shape (table,), at `frequency` (Hz, one value per sample).

    With `choice`, one index per sample, `wave` has shape (waves, table) and the wave changes on the way.
    """
    place = (np.cumsum(frequency) * (_TABLE / RATE)).astype(np.intp) % _TABLE
    played: Samples = wave[place] if choice is None else wave[choice, place]
    return played


def fading(seconds: float, decay: float) -> Samples:
    """Return the envelope of something struck: falls by 60 dB in `decay` seconds, and is cut after `seconds`."""
    envelope: Samples = np.exp(np.arange(int(seconds * RATE)) * (-6.9 / (decay * RATE)))
    return envelope


def add(out: Samples, event: Samples, start: float) -> None:
    """Add `event` into `out` from `start` seconds on; what lies outside `out` is lost."""
    first = int(start * RATE)
    event = event[max(0, -first) : max(0, len(out) - first)]
    first = max(first, 0)
    out[first : first + len(event)] += event
