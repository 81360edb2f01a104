"""The waveform that features are computed from, at rates that recorders have."""

import numpy as np
import pytest

from common.errors import DataError
from data_prep.features import FeatureSettings
from data_prep.manifest import SetSettings
from data_prep.waveform import waveform_of


def settings(high_pass: float | None) -> SetSettings:
    return SetSettings(
        name="folder",
        features=FeatureSettings(),
        seconds=1.0,
        fit=False,
        waveforms=False,
        reference_device="a",
        high_pass=high_pass,
    )


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_an_offset_is_removed_to_the_ends_at_any_rate(rate: int) -> None:
    quiet = np.random.default_rng(0).normal(0, 1e-3, rate).astype(np.float32)
    without, lifted = (waveform_of(quiet + np.float32(offset), rate, settings(20.0)) for offset in (0, 0.5))
    np.testing.assert_allclose(lifted, without, atol=2e-6)
    assert lifted.shape == (22_050,)


def test_tones_far_above_the_corner_are_those_of_the_resampler() -> None:
    tone = np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000).astype(np.float32)
    plain, filtered = waveform_of(tone, 48_000, settings(None)), waveform_of(tone, 48_000, settings(20.0))
    np.testing.assert_allclose(filtered[2_205:-2_205], plain[2_205:-2_205], atol=1e-4)


def test_a_corner_above_all_that_a_recording_holds_is_an_error() -> None:
    with pytest.raises(DataError, match="has a rate of 8000 Hz, too low for --high-pass 5000"):
        waveform_of(np.ones(8_000, np.float32), 8_000, settings(5_000.0))
