"""Mixing down: which channel is used, and how much of the sound is left."""

import numpy as np
import pytest

from common.errors import ConfigError, DataError
from data_prep.mixing import LOWEST, Samples, check_channel, mix_down, mixing_gain, power

SOUND = np.random.default_rng(0).normal(0, 0.1, 20_000).astype(np.float32)
OTHER = np.random.default_rng(1).normal(0, 0.2, 20_000).astype(np.float32)


def channels(*each: Samples) -> Samples:
    return np.stack(each, axis=1).astype(np.float32)


@pytest.mark.parametrize(
    ("channel", "expected"),
    [("mean", (SOUND + OTHER) / 2), ("left", SOUND), ("right", OTHER), ("1", SOUND), ("2", OTHER), ("loudest", OTHER)],
)
def test_what_is_used_of_two_channels(channel: str, expected: Samples) -> None:
    np.testing.assert_allclose(mix_down(channels(SOUND, OTHER), channel), expected, atol=1e-8)


def test_a_constant_offset_makes_no_channel_loud() -> None:
    np.testing.assert_array_equal(mix_down(channels(SOUND + 5, OTHER), "loudest"), OTHER)
    assert power(SOUND + np.float32(0.5)) == pytest.approx(np.var(SOUND, dtype=np.float64), rel=1e-5)


def test_one_channel_is_left_and_right_but_has_no_second() -> None:
    for channel in ("mean", "left", "right", "loudest", "1"):
        np.testing.assert_array_equal(mix_down(channels(SOUND), channel), SOUND)
    with pytest.raises(DataError, match="has 1 channel, and no channel 2"):
        mix_down(channels(SOUND), "2")
    with pytest.raises(DataError, match="has 2 channels, and no channel 25"):
        mix_down(channels(SOUND, OTHER), "25")


@pytest.mark.parametrize("channel", ["", "middle", "0", "-1", "Left", "1.0", "²"])
def test_other_names_are_errors(channel: str) -> None:
    with pytest.raises(ConfigError, match="channel = "):
        check_channel(channel)


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        ([SOUND], 0.0),
        ([SOUND, SOUND], 0.0),
        ([SOUND, 0 * SOUND], -20 * np.log10(2)),
        ([SOUND, -SOUND], LOWEST),
        ([SOUND, -0.999 * SOUND], 20 * np.log10(0.0005)),
        ([0 * SOUND, 0 * SOUND], 0.0),
        # an ambisonic recording of what is straight behind: W and X cancel, Y and Z are silent
        ([SOUND, 0 * SOUND, 0 * SOUND, -SOUND], LOWEST),
    ],
    ids=["one", "the same twice", "one is silent", "opposite", "nearly opposite", "silence", "behind"],
)
def test_how_much_of_the_loudest_channel_is_left(each: list[Samples], expected: float) -> None:
    stacked = channels(*each)
    assert mixing_gain(stacked, mix_down(stacked)) == pytest.approx(expected, abs=0.01)


def test_an_offset_hides_no_cancelling() -> None:
    stacked = channels(SOUND + 1, 1 - 0.99 * SOUND)
    assert mixing_gain(stacked, mix_down(stacked)) == pytest.approx(20 * np.log10(0.005), abs=0.01)
