"""Slaney's mel filters and the A-weighting.

Tests compare them with librosa. librosa itself is not imported, because it takes seconds in every process and compiles
code, for which it needs a writable folder.
"""

import numpy as np
from numpy.typing import NDArray

from common.mel import hertz_to_mel, mel_to_hertz

# Corner frequencies of the A-weighting in Hz, and normalising gain in dB (IEC 61672-1, Annex E).
_CORNERS = (20.598997, 107.65265, 737.86223, 12194.217)
_GAIN = 2.0


def bin_frequencies(sample_rate: int, n_fft: int) -> NDArray[np.float64]:
    """Return the frequencies of the STFT bins in Hz, shape (bin,)."""
    return np.linspace(0.0, sample_rate / 2, n_fft // 2 + 1)


def mel_filters(frequencies: NDArray[np.float64], mels: int, fmin: float, fmax: float) -> NDArray[np.float64]:
    """Return triangular mel filters of area 1, shape (mel, bin), as `librosa.filters.mel`.

    Parameters
    ----------
    frequencies
        Frequencies of the bins in Hz, shape (bin,).
    mels
        Number of filters, evenly spaced on the mel scale.
    fmin, fmax
        Frequency range in Hz.

    Examples
    --------
    >>> mel_filters(bin_frequencies(22_050, 2048), 256, 0.0, 11_025.0).shape
    (256, 1025)
    """
    limits = hertz_to_mel(np.array([fmin, fmax]))
    edges = mel_to_hertz(np.linspace(limits[0], limits[1], mels + 2))[:, None]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (frequencies - left) / (centre - left), (right - frequencies) / (right - centre)
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (right - left)


def a_weighting(frequencies: NDArray[np.float64], lowest: float) -> NDArray[np.float64]:
    """Return the A-weighting of frequencies (Hz) in dB, clipped at `lowest`.

    Examples
    --------
    >>> a_weighting(np.array([0.0, 100.0, 1000.0]), -80.0).round(1).tolist()
    [-80.0, -19.1, 0.0]
    """
    square = frequencies**2
    first, second, third, fourth = (square + corner**2 for corner in _CORNERS)
    amplitude = _CORNERS[3] ** 2 * square**2 / (first * np.sqrt(second * third) * fourth)
    with np.errstate(divide="ignore"):  # the logarithm of 0 Hz
        return np.maximum(lowest, _GAIN + 20 * np.log10(amplitude))
