"""The constants of a spectrogram against librosa's."""

import librosa
import numpy as np
import pytest

from data_prep.filters import a_weighting, bin_frequencies, mel_filters


@pytest.mark.parametrize(
    ("sample_rate", "n_fft", "mels", "fmin", "fmax"),
    [(22_050, 2048, 256, 0.0, 11_025.0), (44_100, 4096, 256, 0.0, 22_050.0), (32_000, 2048, 64, 300.0, 900.0)],
)
def test_filters_and_weights_are_librosas(sample_rate: int, n_fft: int, mels: int, fmin: float, fmax: float) -> None:
    frequencies = bin_frequencies(sample_rate, n_fft)
    assert np.array_equal(frequencies, librosa.fft_frequencies(sr=sample_rate, n_fft=n_fft))
    filters = mel_filters(frequencies, mels, fmin, fmax)
    theirs = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=mels, fmin=fmin, fmax=fmax, dtype=np.float64)
    np.testing.assert_allclose(filters, theirs, rtol=0, atol=1e-14)
    assert np.array_equal(filters > 0, theirs > 0)
    # In float32, which spectrograms are computed in, there is no difference: sets made with librosa's stay as they are.
    assert np.array_equal(filters.astype(np.float32), theirs.astype(np.float32))
    with np.errstate(divide="ignore"):
        weights = librosa.A_weighting(frequencies, min_db=-80.0)
    np.testing.assert_allclose(a_weighting(frequencies, -80.0), weights, rtol=0, atol=1e-12)
