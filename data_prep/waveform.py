"""The waveform from which features are computed: mono, resampled and optionally high-pass filtered."""

import numpy as np
from numpy.typing import NDArray

from common.errors import DataError
from data_prep.filtering import high_pass
from data_prep.manifest import SetSettings
from data_prep.recording import resample


def waveform_of(samples: NDArray[np.float32], rate: int, settings: SetSettings) -> NDArray[np.float32]:
    """Filter a recording, if the settings have a high-pass filter, and resample it.

    The filter is applied before resampling: the resampler extends a recording by zeros, so that an offset would become
    a step at both ends, and the filter would turn the steps into transients.

    Parameters
    ----------
    samples
        Mono signal, shape (frames,), at `rate`.
    rate
        Sample rate in Hz.
    settings
        Settings of the set: sample rate, length and high-pass filter.

    Returns
    -------
    NDArray
        Float32 of shape (settings.samples,).

    Raises
    ------
    DataError
        If the filter's corner frequency is not below half of `rate`.
    """
    corner = settings.high_pass
    if corner is not None:
        if corner >= rate / 2:
            raise DataError(f"has a rate of {rate} Hz, too low for --high-pass {corner:g}; choose a lower frequency")
        samples = high_pass(samples, rate, corner)
    return resample(samples, rate, settings.features.sample_rate, length=settings.samples)
