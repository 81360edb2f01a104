"""The high-pass filter against its closed form: gain of a Butterworth prototype, squared, without a phase."""

import numpy as np
import pytest

from data_prep.filtering import high_pass

RATE = 22_050
TIME = np.arange(4 * RATE) / RATE


@pytest.mark.parametrize("corner", [20.0, 80.0, 2_000.0])
@pytest.mark.parametrize("octaves", [-1.0, 0.0, 1.0, 2.0])
def test_gain_is_the_square_of_butterworths_and_nothing_moves(corner: float, octaves: float) -> None:
    tone = corner * 2**octaves
    filtered = high_pass(np.sin(2 * np.pi * tone * TIME).astype(np.float32), RATE, corner)
    # the bilinear transform bends frequencies by a tangent
    ratio = np.tan(np.pi * corner / RATE) / np.tan(np.pi * tone / RATE)
    expected = np.sin(2 * np.pi * tone * TIME) / (1 + ratio**4)
    inner = slice(RATE, -RATE)
    np.testing.assert_allclose(filtered[inner], expected[inner], atol=2e-4)
    assert filtered.dtype == np.float32


def test_an_offset_leaves_no_trace_even_at_the_ends() -> None:
    assert np.abs(high_pass(np.full(RATE, 0.5, np.float32), RATE, 20.0)).max() < 1e-6
    noise = np.random.default_rng(0).normal(0, 1e-3, RATE).astype(np.float32)
    without, lifted = (high_pass(noise + np.float32(offset), RATE, 20.0) for offset in (0, 0.25))
    np.testing.assert_allclose(lifted, without, atol=1e-6)


@pytest.mark.parametrize("frames", [1, 2, 50])
def test_clips_shorter_than_the_filter_remembers(frames: int) -> None:
    filtered = high_pass(np.ones(frames, np.float32), RATE, 20.0)
    assert filtered.shape == (frames,)
    assert np.isfinite(filtered).all()
