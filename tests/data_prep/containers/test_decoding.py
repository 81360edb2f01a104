"""Containers against libsndfile where files are whole, and against damage where it would not notice."""

import io
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.io import wavfile

from common.errors import DataError
from data_prep.containers import decoding
from data_prep.containers.acceptance import Acceptance
from data_prep.containers.wav import read_layout

RATE = 44_100
NOISE = np.random.default_rng(0).uniform(-0.9, 0.9, (2_205, 2))
WAVS = [
    (form, subtype, channels)
    for form in ("WAV", "WAVEX", "RF64")
    for subtype in ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")
    for channels in (1, 2)
] + [("WAV", "PCM_U8", 1)]
COMPRESSED = [("FLAC", "PCM_S8", 1), ("FLAC", "PCM_16", 2), ("FLAC", "PCM_24", 1), ("OGG", "VORBIS", 2)]


def decode(data: bytes) -> tuple[NDArray[np.float32], int]:
    sound = decoding.decode(data, Acceptance(strict=True))
    return sound.samples, sound.rate


def encode(form: str, subtype: str, channels: int, samples: NDArray[np.float64] = NOISE, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    sf.write(file, samples[:, :channels], rate, format=form, subtype=subtype)
    return file.getvalue()


def chunk(name: bytes, content: bytes, pad: bool = True) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(pad and len(content) % 2)


def riff(*chunks: bytes, size: int | None = None, mark: bytes = b"RIFF") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return mark + struct.pack("<I", len(body) if size is None else size) + body


def fmt(tag: int = 1, channels: int = 1, rate: int = RATE, bits: int = 24, more: bytes = b"") -> bytes:
    align = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, bits) + more)


SAMPLES = bytes(range(1, 100))  # 33 frames of 24 bits: an odd number of bytes
DATA = chunk(b"data", SAMPLES)


@pytest.mark.parametrize(("form", "subtype", "channels"), WAVS + COMPRESSED)
def test_whole_files_decode_to_the_bit_as_libsndfile_does(form: str, subtype: str, channels: int) -> None:
    data = encode(form, subtype, channels)
    expected, _ = sf.read(io.BytesIO(data), dtype="float32", always_2d=True)
    samples, rate = decode(data)
    assert samples.dtype == np.float32
    assert rate == RATE
    np.testing.assert_array_equal(samples, expected)


def test_extremes_of_integers_decode_to_full_scale() -> None:
    for bits, kind in ((16, "<i2"), (32, "<i4")):
        payload = np.array([-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, 0], kind).tobytes()
        samples, _ = decode(riff(fmt(bits=bits), chunk(b"data", payload)))
        np.testing.assert_allclose(samples[:, 0], [-1, 1, 0], atol=2.0**-15)
    samples, _ = decode(riff(fmt(bits=24), chunk(b"data", b"\0\0\x80\xff\xff\x7f\0\0\0\xff\xff\xff")))
    np.testing.assert_array_equal(samples[:, 0], np.array([-1, 1 - 2.0**-23, 0, -(2.0**-23)], np.float32))


def test_files_of_other_writers_are_read(tmp_path: Path) -> None:
    integers = (NOISE[:, 0] * 2**31).astype(np.int32)
    for name, values in (("float", NOISE.astype(np.float32)), ("int", integers), ("short", (integers >> 16))):
        values = values.astype(np.int16) if name == "short" else values
        wavfile.write(tmp_path / "x.wav", RATE, values)
        samples, _ = decode((tmp_path / "x.wav").read_bytes())
        np.testing.assert_allclose(samples, NOISE[:, : samples.shape[1]], atol=2.0**-14)
    with wave.open(str(tmp_path / "x.wav"), "wb") as file:
        file.setparams((1, 3, 48_000, 0, "NONE", ""))
        file.writeframes(SAMPLES)
    assert decode((tmp_path / "x.wav").read_bytes())[0].shape == (33, 1)


ODD_BUT_VALID = {
    "pad byte counted": riff(fmt(), DATA),
    "no pad byte": riff(fmt(), chunk(b"data", SAMPLES, pad=False)),
    "pad byte not counted": riff(fmt(), DATA, size=4 + len(fmt()) + len(DATA) - 1),
    "chunks before, between, after": riff(
        chunk(b"JUNK", bytes(28)),
        fmt(),
        chunk(b"LIST", b"INFOodd"),
        DATA,
        chunk(b"bext", bytes(603)),
        chunk(b"cue ", b"\1"),
    ),
    "18 byte format": riff(fmt(more=b"\0\0"), DATA),
    "samples before format": riff(DATA, fmt()),
    "fact counts samples": riff(fmt(), chunk(b"fact", struct.pack("<I", 33)), DATA),
    "no frames": riff(fmt(), chunk(b"data", b"")),
}


@pytest.mark.parametrize("case", ODD_BUT_VALID)
def test_odd_but_valid_files_are_accepted(case: str) -> None:
    samples, rate = decode(ODD_BUT_VALID[case])
    assert rate == RATE
    expected = [int.from_bytes(SAMPLES[i : i + 3], "little", signed=True) / 2**23 for i in range(0, 99, 3)]
    np.testing.assert_array_equal(samples[:, 0], np.array([] if case == "no frames" else expected, np.float32))


CONTRADICTORY = {
    "RIFF size too small": (riff(fmt(), DATA, size=40), "file size in the header is wrong"),
    "RIFF size of a stream": (riff(fmt(), DATA, size=2**32 - 1), "size of an unfinished stream"),
    "bytes after the end": (riff(fmt(), DATA) + b"TAG of another kind", "bytes after the end of the recording"),
    "data size too large": (riff(fmt(), b"data" + struct.pack("<I", 200) + SAMPLES), "announces 200 bytes, 99 are"),
    "half a chunk header": (riff(fmt(), DATA, b"LIST"), "metadata after the samples"),
    "chunk without a name": (riff(fmt(), DATA, chunk(b"\0\0\0\0", b"")), "is not a valid chunk name"),
    "two data chunks": (riff(fmt(), DATA, DATA), "two chunks b'data'"),
    "two format chunks": (riff(fmt(), fmt(bits=16), DATA), "two chunks b'fmt '"),
    "no data": (riff(fmt()), "no data chunk"),
    "no format": (riff(DATA), "no complete fmt chunk"),
    "nothing at all": (riff(), "no complete fmt chunk"),
    "format cut off": (riff(chunk(b"fmt ", bytes(14)), DATA), "no complete fmt chunk"),
    "format's extra size": (riff(fmt(more=b"\2\0"), DATA), "unused bytes"),
    "no channels": (riff(fmt(channels=0), DATA), "0 channels"),
    "bits against alignment": (
        riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 88_200, 2, 24)), DATA),
        "24 bits",
    ),
    "rate against byte rate": (
        riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 48_000, 132_300, 3, 24)), DATA),
        "48000 Hz x 3 bytes are not 132300",
    ),
    "impossible rate": (riff(fmt(rate=1), DATA), "not a sampling rate"),
    "mu-law": (riff(fmt(tag=7, bits=8), DATA), "format 7"),
    "12 bits": (riff(fmt(bits=12), DATA), "12 bits"),
    "half a frame": (riff(fmt(channels=2), DATA), "not a multiple of 6"),
    "fact against data": (
        riff(fmt(), chunk(b"fact", struct.pack("<I", 32)), DATA),
        "the fact chunk states a wrong number",
    ),
    "another GUID": (riff(fmt(tag=0xFFFE, more=b"\x16\0\x18\0" + bytes(20)), DATA), "unknown kind"),
    "short extensible": (riff(fmt(tag=0xFFFE, more=b"\0\0"), DATA), "too short"),
    "RF64 without sizes": (riff(fmt(), DATA, size=2**32 - 1, mark=b"RF64"), "no ds64"),
    "big-endian": (riff(fmt(), DATA, mark=b"RIFX"), "neither WAV"),
    "not sound": (b"\x89PNG\r\n\x1a\n" + bytes(100), "neither WAV"),
    "only a mark": (b"RIFF", "no WAVE form"),
}


@pytest.mark.parametrize("case", CONTRADICTORY)
def test_contradictions_are_named(case: str) -> None:
    data, reason = CONTRADICTORY[case]
    with pytest.raises(DataError, match=reason):
        decode(data)


def test_data_size_flipped_in_a_silent_file_is_not_a_chain_of_empty_chunks() -> None:
    data = bytearray(encode("WAV", "PCM_16", 1, np.zeros((3_072, 1))))
    data[41] ^= 8  # 6,144 bytes of samples become 4,096; the zeros after them read as chunks of no name and no size
    with pytest.raises(DataError, match="is not a valid chunk name"):
        decode(bytes(data))


@pytest.mark.parametrize(("form", "subtype", "channels"), WAVS + COMPRESSED)
def test_truncations_are_never_accepted(form: str, subtype: str, channels: int) -> None:
    data = encode(form, subtype, channels)
    lengths = {*range(60), *np.linspace(60, len(data) - 1, 60, dtype=int), *range(len(data) - 8, len(data))}
    for length in lengths:
        with pytest.raises(DataError):
            decode(data[:length])


@pytest.mark.parametrize(("form", "subtype", "channels"), COMPRESSED)
def test_flipped_bits_of_compressed_files_are_rejected_or_harmless(form: str, subtype: str, channels: int) -> None:
    data = encode(form, subtype, channels)
    whole, rate = decode(data)
    positions = np.random.default_rng(1).integers(8 * 200, 8 * len(data), 200)
    for bit in [*range(8 * 200), *positions]:
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            sound = decoding.decode(bytes(flipped))
        except DataError:
            continue
        assert sound.rate == rate, bit
        np.testing.assert_array_equal(sound.samples, whole, err_msg=f"bit {bit}")
        if sound.irregularities:
            with pytest.raises(DataError, match="refused by --strict"):
                decode(bytes(flipped))


def test_flac_without_a_sum_is_refused() -> None:
    data = bytearray(encode("FLAC", "PCM_16", 1))
    data[26:42] = bytes(16)
    with pytest.raises(DataError, match="without the MD5"):
        decode(bytes(data))


def test_flac_that_announces_a_day_takes_no_memory() -> None:
    data = bytearray(encode("FLAC", "PCM_16", 1))
    data[21] |= 15
    with pytest.raises(DataError, match="at most 2147483648 samples"):
        decode(bytes(data))


def test_ogg_of_two_streams_is_refused() -> None:
    data = encode("OGG", "VORBIS", 1)
    with pytest.raises(DataError, match="out of order"):
        decode(data + data)


def test_random_bytes_are_refused() -> None:
    rng = np.random.default_rng(2)
    for mark in (b"", b"RIFF", b"RF64", b"fLaC", b"OggS"):
        for size in rng.integers(0, 20_000, 10):
            with pytest.raises(DataError):
                decode(mark + rng.bytes(int(size)))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([b"RIFF", b"RF64", b"fLaC", b"OggS"]), st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_named_error(mark: bytes, rest: bytes) -> None:
    for data in (mark + rest, mark + b"\0\0\0\0WAVEds64" + rest, mark + rest[:4] + b"WAVE" + fmt() + rest):
        try:
            samples, rate = decode(data)
        except DataError:
            continue
        assert rate > 0
        assert samples.ndim == 2


def test_header_says_where_the_samples_are() -> None:
    layout, rate, chunks = read_layout(ODD_BUT_VALID["chunks before, between, after"])
    assert (rate, layout.channels, layout.bits, layout.floating, layout.frames) == (RATE, 1, 24, False, 33)
    assert ODD_BUT_VALID["chunks before, between, after"][layout.offset :].startswith(SAMPLES)
    assert not chunks.irregularities


def test_real_recordings_decode_as_libsndfile_does(real_data: Path) -> None:
    files = [path for path in sorted((real_data / "data").rglob("*")) if path.suffix in (".wav", ".ogg")]
    assert len(files) > 300
    for path in files[::4]:
        expected, expected_rate = sf.read(path, dtype="float32", always_2d=True)
        samples, rate = decode(path.read_bytes())
        assert rate == expected_rate
        np.testing.assert_array_equal(samples, expected, err_msg=str(path))
