"""What the features are computed from: one channel at their rate, filtered where asked for."""

import numpy as np
from numpy.typing import NDArray

from data_prep.filtering import high_pass
from data_prep.manifest import SetSettings
from data_prep.recording import resample


def waveform_of(samples: NDArray[np.float32], rate: int, settings: SetSettings) -> NDArray[np.float32]:
    """Return what the features are computed from, at their rate and filtered where asked for, float32 (samples,)."""
    waveform = resample(samples, rate, settings.features.sample_rate, length=settings.samples)
    if settings.high_pass is None:
        return waveform
    return high_pass(waveform, settings.features.sample_rate, settings.high_pass)
