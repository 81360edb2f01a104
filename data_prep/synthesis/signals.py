"""Building blocks of synthesised sources: shaped noise, wavetable oscillators, envelopes, keyed random generators.

Clips are float64 arrays of shape (LENGTH,). No function calls BLAS, so results do not depend on the number of threads.
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
    """Return a random generator seeded by `names`, independent of the process and the order of calls."""
    key = hashlib.sha256("/".join(map(str, names)).encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key[:16], "little")))


def unit(samples: Samples) -> Samples:
    """Scale samples to an RMS level of 1; silence is returned unchanged."""
    level = np.sqrt(np.mean(samples**2))
    return samples / level if level > 0 else samples


def noise(rng: np.random.Generator, curve: Curve, length: int = LENGTH) -> Samples:
    """Return Gaussian noise of RMS 1 with a given spectrum.

    Parameters
    ----------
    rng
        Random generator.
    curve
        Points (Hz, dB) in ascending frequency, interpolated on a logarithmic frequency axis; constant beyond the ends.
    length
        Number of samples.
    """
    bins = length // 2 + 1
    hertz, decibels = np.array(curve, float).T
    frequency = np.arange(bins) * (RATE / length)
    level = np.interp(np.log(np.maximum(frequency, 1.0)), np.log(hertz), decibels)
    spectrum = rng.standard_normal(2 * bins).view(np.complex128) * np.exp(level * (np.log(10) / 20))
    return unit(irfft(spectrum, length))


def drift(rng: np.random.Generator, per_second: float, depth: float) -> Samples:
    """Return a slowly varying gain: `per_second` random levels per second with standard deviation `depth` dB."""
    knots = max(2, round(LENGTH / RATE * per_second) + 1)
    decibels = np.interp(np.linspace(0, knots - 1, LENGTH), np.arange(knots), depth * rng.standard_normal(knots))
    gain: Samples = np.exp(decibels * (np.log(10) / 20))
    return gain


def table(amplitudes: Samples, rng: np.random.Generator) -> Samples:
    """Return one period of a tone, RMS 1, with these amplitudes of harmonics 1, 2, ... and random phases."""
    spectrum = np.zeros(_TABLE // 2 + 1, np.complex128)
    spectrum[1 : len(amplitudes) + 1] = amplitudes * np.exp(2j * np.pi * rng.random(len(amplitudes)))
    return unit(irfft(spectrum, _TABLE))


def oscillate(frequency: Samples, wave: Samples, choice: NDArray[np.intp] | None = None) -> Samples:
    """Play the period `wave`, shape (table,), at `frequency`, in Hz per sample.

    With `choice`, `wave` has shape (waves, table) and `choice` selects a wave for each sample.
    """
    place = (np.cumsum(frequency) * (_TABLE / RATE)).astype(np.intp) % _TABLE
    played: Samples = wave[place] if choice is None else wave[choice, place]
    return played


def fading(seconds: float, decay: float) -> Samples:
    """Return an exponential envelope of `seconds` that decays by 60 dB in `decay` seconds."""
    envelope: Samples = np.exp(np.arange(int(seconds * RATE)) * (-6.9 / (decay * RATE)))
    return envelope


def add(out: Samples, event: Samples, start: float) -> None:
    """Add `event` to `out` in place from `start` seconds on; samples outside `out` are dropped."""
    first = int(start * RATE)
    event = event[max(0, -first) : max(0, len(out) - first)]
    first = max(first, 0)
    out[first : first + len(event)] += event
