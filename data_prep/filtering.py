"""High-pass filter that removes a constant offset before the spectrogram is computed.

The floor of a spectrogram lies 80 dB below its loudest bin. If a recorder adds a constant to every sample, 0 Hz becomes
the loudest bin, and quiet sounds fall below the floor.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

_SETTLED = 1.6  # periods of the corner frequency after which the step response has decayed by 60 dB


def high_pass(samples: NDArray[np.float32], rate: int, hertz: float) -> NDArray[np.float32]:
    """Apply a second-order Butterworth high-pass filter forwards and backwards.

    The two passes have zero phase together. The gain is -6 dB at `hertz` and falls by 24 dB per octave below it. Before
    filtering, both ends are extended by the odd reflection of the signal, which avoids transients from an offset or a
    slope.

    Parameters
    ----------
    samples
        Shape (frames,).
    rate
        Sample rate in Hz.
    hertz
        Corner frequency in Hz, above 0 and below half the sample rate.

    Returns
    -------
    NDArray
        Float32 of shape (frames,).

    Examples
    --------
    >>> constant = np.full(22_050, 0.5, np.float32)
    >>> bool(np.abs(high_pass(constant, 22_050, 20.0)).max() < 1e-6)
    True
    """
    sections = butter(2, hertz, "highpass", fs=rate, output="sos")
    extension = min(len(samples) - 1, math.ceil(_SETTLED * rate / hertz))
    filtered: NDArray[np.float64] = sosfiltfilt(sections, samples, padlen=extension)
    return filtered.astype(np.float32)
