"""Mixing channels down to mono, and the loss of level by mixing."""

import re
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from common.errors import ConfigError, DataError

Samples: TypeAlias = NDArray[np.float32]

MEAN = "mean"
LOWEST = -200.0  # dB; the level of silence, instead of minus infinity
_NUMBERS = {"left": 1, "right": 2}
_KNOWN = re.compile(r"mean|left|right|loudest|[1-9]\d{0,3}")


def check_channel(channel: str) -> None:
    """Check the setting `channel`.

    Raises
    ------
    ConfigError
        If it is not mean, left, right, loudest or a number from 1.
    """
    if not _KNOWN.fullmatch(channel):
        raise ConfigError("channel", channel, "mean, left, right, loudest, or a channel's number from 1")


def mix_down(channels: Samples, channel: str = MEAN) -> Samples:
    """Return one channel of a recording, or the mean of all channels.

    Parameters
    ----------
    channels
        Samples, shape (frames, channels).
    channel
        `mean`, the mean of all channels; `left` or `right`, the first or second channel (the only channel of a mono
        recording); the number of a channel, from 1; or `loudest`, the first channel with the greatest power.

    Returns
    -------
    NDArray
        Shape (frames,).

    Raises
    ------
    DataError
        If the recording has no such channel.

    Examples
    --------
    >>> stereo = np.array([[0.25, 0.75], [-0.5, 0.0]], np.float32)
    >>> mix_down(stereo).tolist()
    [0.5, -0.25]
    >>> mix_down(stereo, "left").tolist()
    [0.25, -0.5]
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
        raise DataError(f"has {count} channel{'s' * (count > 1)}, and no channel {number} (--channel {channel})")
    return channels[:, number - 1]


def _mean(channels: Samples) -> Samples:
    mix = channels[:, 0]
    with np.errstate(invalid="ignore", over="ignore"):
        for channel in channels.T[1:]:  # many times faster than np.mean over a short axis
            mix = mix + channel
        return mix / np.float32(channels.shape[1])


def power(samples: Samples) -> float:
    """Return the variance of samples, shape (frames,), which is their power without a constant offset."""
    return float(samples.var(dtype=np.float64))


def decibels(ratio: float) -> float:
    """Convert a ratio of powers to dB, at least -200.

    Examples
    --------
    >>> decibels(0.01), decibels(0.0)
    (-20.0, -200.0)
    """
    return max(LOWEST, 10 * float(np.log10(ratio))) if ratio > 0 else LOWEST


def mixing_gain(channels: Samples, mono: Samples) -> float:
    """Return the level of the mono signal relative to the loudest channel in dB.

    It is far below 0 if channels cancel, for example because of opposite polarity or distant microphones.

    Parameters
    ----------
    channels
        Samples, shape (frames, channels).
    mono
        Result of `mix_down`, shape (frames,).
    """
    if channels.shape[1] == 1:
        return 0.0
    loudest = max(power(channel) for channel in channels.T)
    return decibels(power(mono) / loudest) if loudest > 0 else 0.0
