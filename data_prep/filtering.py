"""A high-pass filter that removes a constant offset before the spectrogram is computed.

The floor of a spectrogram lies 80 dB below its loudest bin. A recorder that adds a constant to every sample makes 0 Hz
the loudest bin, and the floor hides what is quiet.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

_SETTLED = 1.6  # periods of the corner after which the filter's memory of a step has fallen by 60 dB


def high_pass(samples: NDArray[np.float32], rate: int, hertz: float) -> NDArray[np.float32]:
    """Pass what lies above `hertz`: Butterworth of second order, forwards and backwards.

    The two passes cancel each other's phase: nothing moves in time, and both ends are treated alike. The gain is -6 dB
    at `hertz` and falls by 24 dB per octave below. Before filtering, each end is extended by the signal turned about
    its end sample, so that neither an offset nor a slope rings.

    Parameters
    ----------
    samples
        Shape (frames,).
    rate
        Frames per second.
    hertz
        The corner, above 0 and below half the rate.

    Returns
    -------
    NDArray
        Float32 of shape (frames,).
    """
    sections = butter(2, hertz, "highpass", fs=rate, output="sos")
    extension = min(len(samples) - 1, math.ceil(_SETTLED * rate / hertz))
    filtered: NDArray[np.float64] = sosfiltfilt(sections, samples, padlen=extension)
    return filtered.astype(np.float32)
