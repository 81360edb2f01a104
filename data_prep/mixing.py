"""Mixing several channels down to one, and how much of the level that loses."""

import re
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from common.errors import ConfigError, DataError

Samples: TypeAlias = NDArray[np.float32]

MEAN = "mean"
LOWEST = -200.0  # dB; stands for nothing at all, which has no logarithm
_NUMBERS = {"left": 1, "right": 2}
_KNOWN = re.compile(r"mean|left|right|loudest|[1-9]\d{0,3}")


def check_channel(channel: str) -> None:
    """Check the setting `channel`.

    Raises
    ------
    ConfigError
        If it is none of mean, left, right, loudest and a number from 1.
    """
    if not _KNOWN.fullmatch(channel):
        raise ConfigError("channel", channel, "mean, left, right, loudest, or a channel's number from 1")


def mix_down(channels: Samples, channel: str = MEAN) -> Samples:
    """Return one channel of, or the mean over, (frames, channels).

    Parameters
    ----------
    channels
        Shape (frames, channels).
    channel
        `mean`; `left` and `right`, the first and the second channel, where a recording of one channel has both in it;
        a channel's number, from 1; or `loudest`, the channel of the greatest power, the first of several.

    Returns
    -------
    NDArray
        Shape (frames,).

    Raises
    ------
    DataError
        If the recording has no such channel.
    """
    count = channels.shape[1]
    if count == 1 and not channel.isdigit():
        return channels[:, 0]
    if channel == MEAN:
        return _mean(channels)
    if channel == "loudest":
        return channels[:, int(np.argmax([power(each) for each in channels.T]))]
    number = _NUMBERS.get(channel) or int(channel)
    if number > count:
        raise DataError(f"has {count} channel{'s' * (count > 1)}, and none of number {number} (--channel {channel})")
    return channels[:, number - 1]


def _mean(channels: Samples) -> Samples:
    mix = channels[:, 0]
    with np.errstate(invalid="ignore", over="ignore"):
        for channel in channels.T[1:]:  # many times faster than a mean over so short an axis
            mix = mix + channel
        return mix / np.float32(channels.shape[1])


def power(samples: Samples) -> float:
    """Return the mean square of samples, shape (frames,), about their mean: a constant offset is no sound."""
    return float(samples.var(dtype=np.float64))


def decibels(ratio: float) -> float:
    """Return a ratio of powers in dB, at least -200."""
    return max(LOWEST, 10 * float(np.log10(ratio))) if ratio > 0 else LOWEST


def mixing_gain(channels: Samples, mono: Samples) -> float:
    """Return the level of what is used of a recording, in dB of its loudest channel.

    Channels of opposite polarity cancel in their mean, as do microphones that are far apart: then this is far below 0.

    Parameters
    ----------
    channels
        Shape (frames, channels).
    mono
        What `mix_down` made of them, shape (frames,).
    """
    if channels.shape[1] == 1:
        return 0.0
    loudest = max(power(channel) for channel in channels.T)
    return decibels(power(mono) / loudest) if loudest > 0 else 0.0
