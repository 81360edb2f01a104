"""The constants of a spectrogram: Slaney's mel filters, and how loud each frequency is heard.

They are librosa's (the tests hold them to it), computed here because importing librosa compiles code, for which it
needs a folder to write in, and takes seconds in every process.
"""

import numpy as np
from numpy.typing import NDArray

from common.mel import hertz_to_mel, mel_to_hertz

# Corner frequencies of the A-weighting in Hz, and its gain at 1 kHz in dB (IEC 61672-1, Annex E).
_CORNERS = (20.598997, 107.65265, 737.86223, 12194.217)
_GAIN = 2.0


def bin_frequencies(sample_rate: int, n_fft: int) -> NDArray[np.float64]:
    """Return the frequency of each bin of a transform of `n_fft` samples, Hz, shape (bin,)."""
    return np.linspace(0.0, sample_rate / 2, n_fft // 2 + 1)


def mel_filters(frequencies: NDArray[np.float64], mels: int, fmin: float, fmax: float) -> NDArray[np.float64]:
    """Return triangles of area 1, equally wide on the mel scale between `fmin` and `fmax` Hz, shape (mel, bin)."""
    limits = hertz_to_mel(np.array([fmin, fmax]))
    edges = mel_to_hertz(np.linspace(limits[0], limits[1], mels + 2))[:, None]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (frequencies - left) / (centre - left), (right - frequencies) / (right - centre)
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (right - left)


def a_weighting(frequencies: NDArray[np.float64], lowest: float) -> NDArray[np.float64]:
    """Return the A-weighting of frequencies in dB, at least `lowest`: it falls without end towards 0 Hz."""
    square = frequencies**2
    first, second, third, fourth = (square + corner**2 for corner in _CORNERS)
    amplitude = _CORNERS[3] ** 2 * square**2 / (first * np.sqrt(second * third) * fourth)
    with np.errstate(divide="ignore"):  # the logarithm of 0 Hz
        return np.maximum(lowest, _GAIN + 20 * np.log10(amplitude))
