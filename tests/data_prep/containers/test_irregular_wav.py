"""WAV files as recorders and pipes leave them: the samples are read, and the irregularity is told."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import DataError
from data_prep.containers.acceptance import Acceptance
from data_prep.containers.container import Irregularity
from data_prep.containers.decoding import decode
from tests.data_prep.containers.test_decoding import DATA, RATE, SAMPLES, WAVS, chunk, encode, fmt, riff

EXPECTED = np.array([int.from_bytes(SAMPLES[i : i + 3], "little", signed=True) / 2**23 for i in range(0, 99, 3)])
EVEN = SAMPLES[:96]
LIST = chunk(b"LIST", b"INFOISFT\6\0\0\0Lavf60")


def data(size: int, content: bytes = EVEN) -> bytes:
    return b"data" + struct.pack("<I", size) + content


def format_of(byte_rate: int, tag: int = 1, more: bytes = b"") -> bytes:
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, 1, RATE, byte_rate, 3, 24) + more)


def extensible(tail: str, valid: int = 24) -> bytes:
    return fmt(tag=0xFFFE, more=struct.pack("<HHIH", 22, valid, 4, 1) + bytes.fromhex(tail))


def wide(riff_size: int, data_size: int, *chunks: bytes) -> bytes:
    sizes = chunk(b"ds64", struct.pack("<QQQI", riff_size, data_size, 0, 0))
    return riff(sizes, *chunks, size=2**32 - 1, mark=b"RF64")


ODD = {
    "size of the file too small": (riff(fmt(), DATA, size=40), Irregularity.OUTER_SIZE),
    "size of the file too large": (riff(fmt(), DATA, size=4_000), Irregularity.OUTER_SIZE),
    "size of the file never written": (riff(fmt(), DATA, size=0), Irregularity.STREAM_SIZE),
    "ffmpeg to a pipe": (riff(fmt(), LIST, data(2**32 - 1), size=2**32 - 1), Irregularity.STREAM_SIZE),
    "sox to a pipe": (riff(fmt(), data(0x7FFFF000), size=0x7FFFF024), Irregularity.STREAM_SIZE),
    "largest signed size": (riff(fmt(), data(2**31 - 1), size=2**31 - 1), Irregularity.STREAM_SIZE),
    "arecord to a pipe": (riff(fmt(), data(2**31), size=2**31 + 36), Irregularity.STREAM_SIZE),
    "recorder without power": (riff(fmt(), data(0), size=0), Irregularity.STREAM_SIZE),
    "only the data's size not written": (riff(fmt(), data(0)), Irregularity.STREAM_SIZE),
    "stream with tags behind": (riff(fmt(), data(2**32 - 1), LIST, size=2**32 - 1), Irregularity.STREAM_SIZE),
    "RF64 stream": (wide(2**64 - 1, 2**64 - 1, fmt(), data(2**32 - 1)), Irregularity.STREAM_SIZE),
    "RF64 never ended": (wide(0, 0, fmt(), data(2**32 - 1)), Irregularity.STREAM_SIZE),
    "bytes after the end": (riff(fmt(), data(96)) + b"\1\2\3 of another kind", Irregularity.TRAILING),
    "a tag after the end": (riff(fmt(), data(96), b"TAG" + bytes(125)), Irregularity.TRAILING),
    "zeros to the end of a cluster": (riff(fmt(), data(96)) + bytes(512), Irregularity.TRAILING),
    "zeros after a recording never ended": (riff(fmt(), data(96), size=0) + bytes(512), Irregularity.TRAILING),
    "tags cut off": (riff(fmt(), data(96), LIST)[:-5], Irregularity.CUT_METADATA),
    "half a chunk header": (riff(fmt(), data(96), b"LIST"), Irregularity.CUT_METADATA),
    "fact against data": (riff(fmt(), chunk(b"fact", struct.pack("<I", 7)), data(96)), Irregularity.FACT),
    "no byte rate": (riff(format_of(0), data(96)), Irregularity.BYTE_RATE),
    "byte rate of 16 bits": (riff(format_of(2 * RATE), data(96)), Irregularity.BYTE_RATE),
    "nonsense byte rate": (riff(format_of(12_345), data(96)), Irregularity.BYTE_RATE),
    "unpadded chunk": (riff(fmt(), chunk(b"LIST", b"INFOodd", pad=False), data(96)), Irregularity.PADDING),
    "chunk padded to four": (riff(fmt(), chunk(b"LIST", b"INFOod"), bytes(2), data(96)), Irregularity.PADDING),
    "leftovers in fmt": (riff(format_of(3 * RATE, more=b"\7\0\1\2"), data(96)), Irregularity.FORMAT_LEFTOVERS),
    "17 bytes of fmt": (riff(format_of(3 * RATE, more=b"\7"), data(96)), Irregularity.FORMAT_LEFTOVERS),
    "fmt twice": (riff(fmt(), fmt(), data(96)), Irregularity.FORMAT_LEFTOVERS),
    "ambisonic": (riff(extensible("00002107d3118644c8c1ca000000"), data(96)), Irregularity.AMBISONIC),
    "no valid bits": (riff(extensible("000000001000800000aa00389b71", 0), data(96)), Irregularity.FORMAT_LEFTOVERS),
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_but_whole_is_read_and_told(case: str) -> None:
    content, irregularity = ODD[case]
    sound = decode(content)
    assert (sound.rate, sound.irregularities) == (RATE, (irregularity,))
    samples = EXPECTED[: len(sound.samples)].astype(np.float32)
    assert len(samples) in (32, 33)
    np.testing.assert_array_equal(sound.samples[:, 0], samples)
    with pytest.raises(DataError, match="refused by --strict"):
        decode(content, Acceptance(strict=True))


TWO_READINGS = {
    "samples missing": (riff(fmt(), data(200)), "announces 200 bytes, 96 are there"),
    "a large file cut off": (riff(fmt(), data(3_000_000_000), size=3_000_000_036), "announces 3000000000 bytes"),
    "a stream cut inside a frame": (riff(fmt(), data(2**32 - 1, EVEN[:-1]), size=2**32 - 1), "not a multiple of 3"),
    "data ends early in a silent file": (riff(fmt(bits=16), data(64, bytes(96))), "is not a valid chunk name"),
    "recorder stopped after its last count": (
        riff(fmt(), data(60), size=0),
        "is not a valid chunk name|chunk .* announces",
    ),
    "byte rate of another rate": (riff(format_of(48_000 * 3), data(96)), "144000 bytes a second"),
    "unusual rate, unusual byte rate": (
        riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 37_001, 37_000 * 3, 3, 24)), data(96)),
        "are not 111000 bytes a second",
    ),
    "data swallowed the tags": (riff(fmt(bits=16), data(96 + 128), chunk(b"LIST", bytes(120))), "chunk of metadata"),
    "floats called integers": (
        riff(fmt(bits=32), chunk(b"data", np.random.default_rng(0).uniform(-1, 1, 500).astype("<f4").tobytes())),
        "its samples are floats",
    ),
    "two formats": (riff(fmt(), fmt(bits=16), data(96)), "two chunks"),
}


@pytest.mark.parametrize("case", TWO_READINGS)
def test_what_has_two_readings_is_refused(case: str) -> None:
    content, reason = TWO_READINGS[case]
    with pytest.raises(DataError, match=reason):
        decode(content)


@pytest.mark.parametrize(("form", "subtype", "channels"), WAVS)
def test_no_flipped_bit_of_a_header_changes_a_sample_in_silence(form: str, subtype: str, channels: int) -> None:
    content = encode(form, subtype, channels)
    whole = decode(content)
    header = content.index(b"data") + 8
    for bit in range(8 * header):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            sound = decode(bytes(flipped))
        except DataError:
            continue
        if (
            np.isfinite(sound.samples).all() and not sound.irregularities
        ):  # others are refused by whoever reads a recording
            assert sound.rate == whole.rate, bit
            np.testing.assert_array_equal(sound.samples, whole.samples, err_msg=f"bit {bit}")


@pytest.mark.parametrize(("form", "subtype", "channels"), WAVS)
def test_what_is_cut_off_loses_no_samples(form: str, subtype: str, channels: int) -> None:
    content = encode(form, subtype, channels)
    whole = decode(content)
    for length in {*range(120), *np.linspace(120, len(content) - 1, 60, dtype=int).tolist(), len(content) - 1}:
        try:
            sound = decode(content[:length])
        except DataError:
            continue
        np.testing.assert_array_equal(sound.samples, whole.samples)  # a pad byte was cut off


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([fmt(), DATA, LIST, data(0), data(2**32 - 1), b"LIST", b"\0", b"fact", SAMPLES])))
def test_any_order_of_parts_is_read_or_refused(parts: list[bytes]) -> None:
    for content in (riff(*parts), riff(*parts, size=0), riff(*parts, size=10)):
        try:
            sound = decode(content)
        except DataError:
            continue
        assert sound.samples.shape[1] == 1


def test_many_false_ends_take_no_time() -> None:
    content = riff(fmt(bits=16), data(2**32 - 1, b"LIST\4\0\0\0" * 100_000), size=2**32 - 1)
    assert decode(content).irregularities == (Irregularity.STREAM_SIZE,)
