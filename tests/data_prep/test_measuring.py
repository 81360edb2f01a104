"""Measurements against closed forms, scipy's Welch spectrum and librosa's floor."""

import dataclasses

import librosa
import numpy as np
import pytest
from scipy.signal import lfilter, welch

from data_prep.features import FeatureSettings
from data_prep.measuring import Measurement, band_edges, measure
from data_prep.mixing import LOWEST, Samples
from data_prep.recording import Recording, resample

SETTINGS = FeatureSettings()
RATE = SETTINGS.sample_rate
NOISE = np.random.default_rng(0).normal(0, 0.1, 10 * RATE).astype(np.float32)


def measured(waveform: Samples, settings: FeatureSettings = SETTINGS) -> Measurement:
    return measure(Recording(waveform[:, None], RATE, "", 0), waveform, waveform.astype(np.float32), settings)


def test_bands_are_sixths_of_an_octave_up_to_half_the_rate() -> None:
    edges = np.array(band_edges(SETTINGS))
    assert 40 <= edges[0] <= 60
    assert edges[-1] == 11_025
    np.testing.assert_allclose(np.diff(np.log2(edges[edges > 1_000])), 1 / 6, atol=0.02)


@pytest.mark.parametrize(
    "settings", [SETTINGS, FeatureSettings(sample_rate=90, n_fft=64, hop_length=32, mels=4, fmax=45)]
)
def test_every_band_holds_a_frequency(settings: FeatureSettings) -> None:
    edges = band_edges(settings)
    assert (np.diff(edges) >= 0.99 * settings.sample_rate / settings.n_fft).all()
    assert len(measured(NOISE, settings).spectrum) == len(edges) - 1


def test_the_spectrum_is_welchs() -> None:
    coloured = np.convolve(NOISE, [1, 0.9, 0.5], "same").astype(np.float32)
    edges = np.array(band_edges(SETTINGS))
    hertz, density = welch(coloured, RATE, nperseg=2048, detrend=False)
    bins = np.searchsorted(hertz, edges - 1)
    expected = 10 * np.log10(np.add.reduceat(density, bins[:-1]) / np.diff(bins))
    apart = np.array(measured(coloured).spectrum) - expected
    assert np.abs(apart).max() < 3  # 16 frames where Welch takes 214, and bands of one bin
    assert np.abs(apart[-15:]).max() < 0.5  # bands of dozens
    assert abs(apart.mean()) < 0.3


def test_a_level_is_that_of_the_sound_and_not_of_its_offset() -> None:
    tone = np.sin(2 * np.pi * 1_000 * np.arange(RATE) / RATE).astype(np.float32)
    for gain in (1.0, 1e-4, 32_768.0):
        expected = 20 * np.log10(gain) - 10 * np.log10(2)
        assert measured(gain * tone).level == pytest.approx(expected, abs=0.02)
        assert measured(gain * tone + np.float32(gain / 2)).level == pytest.approx(expected, abs=0.02)
    assert measured(np.full(RATE, 0.3, np.float32)).level < -100
    assert measured(np.zeros(RATE, np.float32)).level == LOWEST


@pytest.mark.parametrize(("gain", "share"), [(0.5, 0.0), (2.0, 0.5), (32_768.0, 0.0)])
def test_samples_at_full_scale_are_counted_and_louder_ones_are_not(gain: float, share: float) -> None:
    samples = np.where(np.arange(10_000) % 2, gain, 0.1).astype(np.float32)
    assert measured(np.minimum(samples, 1) if gain < 10 else samples).clipped == share


def test_the_least_and_the_largest_integers_are_full_scale() -> None:
    for bits in (8, 16, 24):
        extremes = np.array([-1.0, 1 - 2.0 ** (1 - bits), 0.0, 0.0] * 1_000, np.float32)
        assert measured(extremes).clipped == 0.5


def flat(waveform: Samples) -> np.ndarray:
    """Tell which bins above 300 Hz librosa's weighting puts on the floor."""
    power = np.abs(librosa.stft(waveform, n_fft=2048, hop_length=512, pad_mode="reflect")) ** 2
    level = librosa.power_to_db(power, amin=1e-10, top_db=80)
    return np.asarray(level[28:] <= max(level.max() - 80, -100) + 1e-3)  # 80 dB below the loudest, or amin


@pytest.mark.parametrize("offset", [0.0, 1e-5, 0.003, 0.03, 0.3])
def test_what_an_offset_flattens_is_what_librosa_flattens(offset: float) -> None:
    quiet = 1e-4 * lfilter([0.1], [1, -0.97], NOISE)  # 6 dB less per octave above 100 Hz
    quiet = (quiet - quiet.mean()).astype(np.float32)
    lifted = quiet + np.float32(offset)
    expected = np.mean(flat(lifted) & ~flat(quiet))
    assert measured(lifted).flattened == pytest.approx(expected, abs=0.05)  # 16 frames of 431
    assert (expected > 0.1) == (offset > 1e-5)


def test_rates_channels_and_mixing_are_the_files() -> None:
    stereo = np.stack([NOISE, -0.99 * NOISE], axis=1)
    mono = stereo.mean(axis=1)
    found = measure(Recording(stereo, 48_000, "", 0), mono, resample(mono, 48_000), SETTINGS)
    assert (found.rate, found.channels) == (48_000, 2)
    assert found.gain == pytest.approx(20 * np.log10(0.005), abs=0.1)
    assert Measurement.from_json(dataclasses.asdict(found)) == found
