"""Slaney's mel scale: linear up to 1 kHz, logarithmic above (Auditory Toolbox, 1998)."""

import numpy as np
from numpy.typing import NDArray

_BEND = 15.0  # mel at 1 kHz
_STEP = np.log(6.4) / 27  # increase of log(frequency) per mel above 1 kHz


def hertz_to_mel(hertz: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert frequencies in Hz to mel.

    Examples
    --------
    >>> hertz_to_mel(np.array([200.0, 1000.0, 6400.0])).round(6).tolist()
    [3.0, 15.0, 42.0]
    """
    return np.where(np.less(hertz, 1000), 3 * hertz / 200, _BEND + np.log(np.maximum(hertz, 1) / 1000) / _STEP)


def mel_to_hertz(mel: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert mel to frequencies in Hz.

    Examples
    --------
    >>> mel_to_hertz(np.array([3.0, 15.0, 42.0])).round(6).tolist()
    [200.0, 1000.0, 6400.0]
    """
    return np.where(np.less(mel, _BEND), 200 * mel / 3, 1000 * np.exp((np.maximum(mel, _BEND) - _BEND) * _STEP))
