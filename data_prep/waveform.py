"""The waveform that features are computed from: one channel at their rate, high-pass filtered where asked for."""

import numpy as np
from numpy.typing import NDArray

from common.errors import DataError
from data_prep.filtering import high_pass
from data_prep.manifest import SetSettings
from data_prep.recording import resample


def waveform_of(samples: NDArray[np.float32], rate: int, settings: SetSettings) -> NDArray[np.float32]:
    """Filter a recording, where the settings ask for it, and resample it.

    It is filtered at its own rate: the resampler takes a recording to be zero before and after, so that an offset
    becomes a step at either end, which a filter behind it would turn into a transient.

    Parameters
    ----------
    samples
        One channel, shape (frames,), at `rate`.
    rate
        Frames per second.
    settings
        The set's: sample rate, length and high-pass filter.

    Returns
    -------
    NDArray
        Float32 of shape (settings.samples,).

    Raises
    ------
    DataError
        If the filter's corner is not below half of `rate`.
    """
    corner = settings.high_pass
    if corner is not None:
        if corner >= rate / 2:
            raise DataError(f"has a rate of {rate} Hz and so nothing above {corner:g} Hz; choose a lower --high-pass")
        samples = high_pass(samples, rate, corner)
    return resample(samples, rate, settings.features.sample_rate, length=settings.samples)
