"""Integer samples with fewer valid bits than their container: alignment to its high or low end."""

import numpy as np
from numpy.typing import NDArray


def full_scale_bits(integers: NDArray[np.int32], bits: int, valid: int) -> int:
    """Return the number of bits of full scale.

    In WAVE's extensible format, the `valid` bits are the high ones of the container, with zeros below them. Some
    recorders use the low ones instead; read by the standard, such recordings would be 48 dB too quiet for 24 of 32
    bits. They are recognised by non-zero bits where the standard requires zeros, if all samples fit into the valid
    bits. Only containers of 32 bits are checked; no recorder is known to write others in this way.

    Parameters
    ----------
    integers
        Samples as stored in the container.
    bits, valid
        Bits of the container, and number of valid bits in the header.
    """
    if bits != 32 or valid >= bits or not (integers & ((1 << (bits - valid)) - 1)).any():
        return bits
    limit = 1 << (valid - 1)
    return valid if -limit <= integers.min() and integers.max() < limit else bits
