"""Integers at either end of their container, in files that the test writes byte by byte."""

import struct

import numpy as np
import pytest
from numpy.typing import NDArray

from common.errors import DataError
from data_prep.containers.acceptance import Acceptance
from data_prep.containers.container import Irregularity
from data_prep.containers.decoding import decode

SOUND = np.random.default_rng(0).uniform(-0.5, 0.5, 500)
GUID = bytes.fromhex("0100000000001000800000aa00389b71")


def extensible(integers: NDArray[np.int32], valid: int) -> bytes:
    """Return a WAV file of one channel in 32-bit containers, of which the header calls `valid` bits valid."""
    fmt = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 48_000, 192_000, 4, 32, 22, valid, 4) + GUID
    payload = integers.astype("<i4").tobytes()
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(payload)) + payload
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("valid", [20, 24])
def test_both_ends_decode_to_the_same_sound(valid: int) -> None:
    integers = np.rint(SOUND * 2 ** (valid - 1)).astype(np.int32)
    for stored, irregularities in ((integers, (Irregularity.LOW_BITS,)), (integers << (32 - valid), ())):
        sound = decode(extensible(stored, valid))
        assert sound.irregularities == irregularities
        samples, rate = sound.samples, sound.rate
        assert rate == 48_000
        np.testing.assert_allclose(samples[:, 0], SOUND, atol=2.0**-valid)


def test_only_a_contradiction_of_the_header_changes_the_reading() -> None:
    quiet = np.rint(SOUND * 2**23).astype(np.int32)
    for stored, valid in (
        (quiet, 32),  # all bits are valid: a quiet recording
        (quiet << 8, 24),  # the low bits are zeros, as they should be
        (np.append(quiet, 2**30), 24),  # too large for 24 bits: the container's top is full scale
        (np.append(quiet, -(2**23) - 1), 24),
    ):
        samples = decode(extensible(stored, valid)).samples
        np.testing.assert_array_equal(samples[:, 0], (stored / 2**31).astype(np.float32))
    samples = decode(extensible(np.append(quiet, -(2**23)), 24)).samples
    assert samples[-1, 0] == -1


def test_strict_reading_refuses_the_low_end() -> None:
    quiet = np.rint(SOUND * 2**23).astype(np.int32)
    with pytest.raises(DataError, match="refused by --strict: the valid bits are the low ones"):
        decode(extensible(quiet, 24), Acceptance(strict=True))
    decode(extensible(quiet << 8, 24), Acceptance(strict=True))
