"""Integers of fewer bits than their container: whether they are at its high or its low end."""

import numpy as np
from numpy.typing import NDArray


def full_scale_bits(integers: NDArray[np.int32], bits: int, valid: int) -> int:
    """Return the number of bits of full scale.

    WAVE's extensible format puts the `valid` bits at the high end of the container, with zeros below them. Some
    recorders put them at the low end, as C's integers are: read by the rule, their recordings are 48 dB too quiet where
    24 of 32 bits are valid. Bits that are set where the rule demands zeros, in samples that all fit the valid bits,
    tell the two apart. Only containers of 32 bits are looked at, the only ones that recorders are known to fill so.

    Parameters
    ----------
    integers
        Samples as they stand in the container.
    bits, valid
        The container's bits, and how many of them the header calls valid.
    """
    if bits != 32 or valid >= bits or not (integers & ((1 << (bits - valid)) - 1)).any():
        return bits
    limit = 1 << (valid - 1)
    return valid if -limit <= integers.min() and integers.max() < limit else bits
