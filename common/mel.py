"""Slaney's mel scale: linear up to 1 kHz, logarithmic above (Auditory Toolbox, 1998)."""

import numpy as np
from numpy.typing import NDArray

_BEND = 15.0  # mel at 1 kHz
_STEP = np.log(6.4) / 27  # of the logarithm of a frequency above, for each mel


def hertz_to_mel(hertz: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return frequencies in mel."""
    return np.where(np.less(hertz, 1000), 3 * hertz / 200, _BEND + np.log(np.maximum(hertz, 1) / 1000) / _STEP)


def mel_to_hertz(mel: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return mel in Hz."""
    return np.where(np.less(mel, _BEND), 200 * mel / 3, 1000 * np.exp((np.maximum(mel, _BEND) - _BEND) * _STEP))
