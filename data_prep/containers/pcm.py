"""Samples that are stored as they are: from the bytes of a WAV file to floats."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_prep.containers.container import Samples
from data_prep.valid_bits import full_scale_bits

_LOOKED_AT, _MANY = 2**14, 64  # samples; different ones among them, as constants and square waves do not have


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How interleaved, little-endian samples stand in a file.

    Attributes
    ----------
    channels
        Samples per frame.
    bits
        Bits per sample: 8 (unsigned), 16, 24, 32 (signed), or 32, 64 where `floating`.
    floating
        Whether samples are IEEE floats.
    valid
        How many of the bits carry the sample; fewer than `bits` only where the header says so.
    offset, frames
        Where the samples start in the file (bytes), and how many frames there are.
    """

    channels: int
    bits: int
    floating: bool
    valid: int
    offset: int
    frames: int


def are_floats(data: bytes, layout: Layout) -> bool:
    """Return whether what should be 32-bit integers is floats, as after one flipped bit of the header.

    The floats of a recording lie between 1e-9 and 4, or are zero. As integers such bits are never small, which a
    recording's integers are wherever it crosses zero.
    """
    if layout.floating or layout.bits != 32:
        return False
    floats = np.frombuffer(data, "<f4", min(layout.frames * layout.channels, _LOOKED_AT), layout.offset)
    size = np.abs(floats)
    return len(np.unique(floats)) > _MANY and bool(np.all((size == 0) | ((size > 1e-9) & (size < 4))))


def decode(data: bytes, layout: Layout) -> tuple[Samples, bool]:
    """Return the samples of a whole file, float32 of shape (frames, channels), full scale 1.

    And whether its valid bits are the low ones of each integer; see `full_scale_bits`.
    """
    full = layout.bits
    count, offset = layout.frames * layout.channels, layout.offset
    samples: NDArray[np.float32]
    if layout.floating:
        with np.errstate(over="ignore"):  # a double beyond float32 becomes infinite, which no caller lets through
            samples = np.frombuffer(data, f"<f{layout.bits // 8}", count, offset).astype(np.float32)
    elif layout.bits == 8:
        samples = np.frombuffer(data, np.uint8, count, offset).astype(np.float32)
        samples -= np.float32(128)
        samples *= np.float32(1 / 128)
    else:
        if layout.bits == 24:
            # Overlapping 32-bit words that end where each sample ends: the low byte, shifted out, is not its own.
            integers = np.ndarray((count,), "<i4", data, offset - 1, (3,)) >> 8
        else:
            integers = np.frombuffer(data, f"<i{layout.bits // 8}", count, offset)
        samples = integers.astype(np.float32)
        full = full_scale_bits(integers, layout.bits, layout.valid)
        samples *= np.float32(2.0 ** (1 - full))
    return samples.reshape(-1, layout.channels), full < layout.bits
