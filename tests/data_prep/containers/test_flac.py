"""FLAC of every depth, with and without MD5 and length, against the integers that were written."""

import io

import numpy as np
import pytest
import soundfile as sf

from common.errors import DataError
from data_prep.containers.acceptance import Acceptance
from data_prep.containers.container import Irregularity
from data_prep.containers.decoding import decode
from tests.data_prep.containers.writers import RATE, flac, flac_frames

RNG = np.random.default_rng(0)
NOISE = RNG.integers(-(2**15), 2**15, (900, 2))
TAG = b"ID3\x03\x00\x00\x00\x00\x01\x05" + bytes(133)  # 1 * 128 + 5 bytes of tag


def test_the_writer_writes_flac() -> None:
    samples, rate = sf.read(io.BytesIO(flac(NOISE, 16)), dtype="int16")
    assert rate == RATE
    np.testing.assert_array_equal(samples, NOISE)


@pytest.mark.parametrize("bits", [8, 12, 16, 20, 24, 32])
@pytest.mark.parametrize(("md5", "total"), [(True, True), (True, False), (False, True), (False, False)])
def test_every_depth_is_read_to_the_bit(bits: int, md5: bool, total: bool) -> None:
    if bits in (12, 20, 32):
        pytest.importorskip("av")
    samples = RNG.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (900, 2))
    sound = decode(flac(samples, bits, md5=md5, total=total))
    np.testing.assert_array_equal(sound.samples, (samples / 2 ** (bits - 1)).astype(np.float32))
    assert sound.rate == RATE
    assert (Irregularity.NO_MD5 in sound.irregularities, Irregularity.NO_TOTAL in sound.irregularities) == (
        not md5,
        not total,
    )
    assert len(sound.irregularities) == (not md5) + (not total)


def test_strict_refuses_what_nothing_but_frames_proves() -> None:
    with pytest.raises(DataError, match="refused by --strict: FLAC without the MD5"):
        decode(flac(NOISE, 16, md5=False), Acceptance(strict=True))


def test_encoders_own_files_are_proved_by_their_frames() -> None:
    file = io.BytesIO()
    sf.write(file, np.resize(NOISE, (300_000, 2)) / 2**15, RATE, format="FLAC", subtype="PCM_24")
    data = bytearray(file.getvalue())
    assert len(data) > 2**20  # more than is summed up at once
    whole = decode(bytes(data)).samples
    data[26:42] = bytes(16)
    np.testing.assert_array_equal(decode(bytes(data)).samples, whole)
    data[-len(data) // 3] ^= 16
    with pytest.raises(DataError, match="checksums do not hold"):
        decode(bytes(data))


def test_without_md5_no_flipped_bit_passes_in_silence() -> None:
    data = flac(NOISE, 16, md5=False)
    whole = decode(data)
    for bit in [*range(8 * 42), *RNG.integers(8 * 42, 8 * len(data), 200)]:
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            sound = decode(bytes(flipped))
        except DataError:
            continue
        assert bit < 8 * 42
        assert sound.rate == whole.rate
        np.testing.assert_array_equal(sound.samples, whole.samples, err_msg=f"bit {bit}")


def test_cut_files_are_refused_and_streams_end_between_frames() -> None:
    frames = flac_frames(NOISE, 16, 256)
    ends = 42 + np.cumsum([len(frame) for frame in frames])
    for total in (True, False):
        data = flac(NOISE, 16, md5=False, total=total)
        assert len(data) == ends[-1]
        for length in {*range(0, len(data), 61), *ends[:-1].tolist(), len(data) - 1}:
            if not total and length in ends:
                assert len(decode(data[:length]).samples) == 256 * (ends.tolist().index(length) + 1)
                continue
            with pytest.raises(DataError, match=r"cut off|damaged|neither"):
                decode(data[:length])


def test_a_missing_frame_is_noticed() -> None:
    frames = flac_frames(NOISE, 16, 256)
    head = flac(NOISE, 16, md5=False, total=False)[:42]
    with pytest.raises(DataError, match="frame 1 is missing"):
        decode(head + frames[0] + frames[2] + frames[3])


@pytest.mark.parametrize("md5", [True, False])
def test_tags_before_and_after_are_passed_over(md5: bool) -> None:
    data = flac(NOISE, 16, md5=md5)
    sound = decode(TAG + data)
    np.testing.assert_array_equal(sound.samples, decode(data).samples)
    assert Irregularity.TAG_IN_FRONT in sound.irregularities
    behind = decode(data + b"TAG" + bytes(125))
    np.testing.assert_array_equal(behind.samples, decode(data).samples)
    assert md5 or Irregularity.TRAILING in behind.irregularities


def test_a_header_that_looks_like_a_frame_inside_a_frame_is_none() -> None:
    plain = flac_frames(NOISE, 16, 256)[1][:7]
    samples = NOISE[:, :1].copy()
    samples[100:104, 0] = np.frombuffer(plain + b"\0", ">i2")
    sound = decode(flac(samples, 16, md5=False))
    np.testing.assert_array_equal(sound.samples, (samples / 2**15).astype(np.float32))


def test_more_than_an_hour_is_read() -> None:
    seconds, rate = 3_602, 1_000
    file = io.BytesIO()
    sf.write(file, np.resize(np.array([0.5, -0.25]), seconds * rate), rate, format="FLAC", subtype="PCM_16")
    sound = decode(file.getvalue())
    assert len(sound.samples) == seconds * rate
    np.testing.assert_array_equal(sound.samples[-2:, 0], [0.5, -0.25])
