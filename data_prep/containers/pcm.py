"""Conversion of the PCM samples of a WAV file to floats."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_prep.containers.container import Samples
from data_prep.valid_bits import full_scale_bits

_LOOKED_AT, _MANY = 2**14, 64  # samples examined; minimum of distinct values, which excludes constants


@dataclass(frozen=True, kw_only=True)
class SampleLayout:
    """SampleLayout of interleaved, little-endian samples in a file.

    Attributes
    ----------
    channels
        Number of channels.
    bits
        Bits per sample: 8 (unsigned), 16, 24 or 32 (signed); 32 or 64 if `floating`.
    floating
        Whether samples are IEEE floats.
    valid
        Number of valid bits in the header; at most `bits`.
    offset, frames
        Position of the first sample in bytes, and number of frames.
    """

    channels: int
    bits: int
    floating: bool
    valid: int
    offset: int
    frames: int


def are_floats(data: bytes, layout: SampleLayout) -> bool:
    """Return whether samples declared as 32-bit integers are floats, which one flipped bit in the header can cause.

    The floats of a recording are zero or between 1e-9 and 4 in size. The integers of a recording do not all look like
    such floats, because they are small near zero crossings.
    """
    if layout.floating or layout.bits != 32:
        return False
    floats = np.frombuffer(data, "<f4", min(layout.frames * layout.channels, _LOOKED_AT), layout.offset)
    size = np.abs(floats)
    return len(np.unique(floats)) > _MANY and bool(np.all((size == 0) | ((size > 1e-9) & (size < 4))))


def decode(data: bytes, layout: SampleLayout) -> tuple[Samples, bool]:
    """Convert the samples of a file.

    Returns
    -------
    samples, low
        Float32 of shape (frames, channels), full scale 1; whether the valid bits are the low ones of each integer, see
        `full_scale_bits`.
    """
    full = layout.bits
    count, offset = layout.frames * layout.channels, layout.offset
    samples: NDArray[np.float32]
    if layout.floating:
        with np.errstate(over="ignore"):  # doubles beyond float32 become infinite, which callers reject
            samples = np.frombuffer(data, f"<f{layout.bits // 8}", count, offset).astype(np.float32)
    elif layout.bits == 8:
        samples = np.frombuffer(data, np.uint8, count, offset).astype(np.float32)
        samples -= np.float32(128)
        samples *= np.float32(1 / 128)
    else:
        if layout.bits == 24:
            # Overlapping 32-bit words that end with each sample; the shift removes the byte of the previous sample.
            integers = np.ndarray((count,), "<i4", data, offset - 1, (3,)) >> 8
        else:
            integers = np.frombuffer(data, f"<i{layout.bits // 8}", count, offset)
        samples = integers.astype(np.float32)
        full = full_scale_bits(integers, layout.bits, layout.valid)
        samples *= np.float32(2.0 ** (1 - full))
    return samples.reshape(-1, layout.channels), full < layout.bits
