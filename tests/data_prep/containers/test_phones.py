"""What phones and computers record: decoded as libsndfile or to the true samples; never cut off in silence."""

import io
from itertools import pairwise

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray
from scipy.signal import correlate

from common.errors import DataError
from data_prep.containers.acceptance import Acceptance
from data_prep.containers.container import Irregularity, Sound
from data_prep.containers.decoding import decode, inspect

RATE = 44_100
_RNG = np.random.default_rng(0)
NOISE = np.cumsum(_RNG.normal(0, 1, (3 * RATE, 1)), axis=0)
NOISE = 0.5 * (NOISE - NOISE.mean()) / np.abs(NOISE - NOISE.mean()).max() + 0.05 * _RNG.uniform(-1, 1, NOISE.shape)
PLAIN = [
    *(("AIFF", kind) for kind in ("PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")),
    *(("CAF", kind) for kind in ("PCM_16", "PCM_24", "FLOAT", "ALAC_16", "ALAC_24")),
    *(("W64", kind) for kind in ("PCM_16", "PCM_24", "FLOAT")),
]
LOSSY = Acceptance(lossy=True)


def by_sndfile(form: str, subtype: str, endian: str = "FILE", channels: int = 1) -> bytes:
    file = io.BytesIO()
    samples = np.repeat(NOISE[:22_050], channels, axis=1)
    sf.write(file, samples, RATE, format=form, subtype=subtype, endian=endian)
    return file.getvalue()


def by_ffmpeg(codec: str, container: str, rate: int = RATE, **options: str) -> bytes:
    """Encode the noise with the FFmpeg inside PyAV."""
    av = pytest.importorskip("av")
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = 128_000
        size = stream.codec_context.frame_size or 1024
        for first in range(0, len(NOISE), size):
            kind = stream.codec_context.format.name
            scale, dtype = {"s16": (2**15, np.int16), "s32": (2**31, np.int32), "flt": (1, np.float32)}[kind[:3]]
            part = np.ascontiguousarray((NOISE[first : first + size].T * scale).astype(dtype))
            frame = av.AudioFrame.from_ndarray(part, format=kind, layout="mono")
            frame.sample_rate, frame.pts = rate, first
            out.mux(stream.encode(frame))
        for packet in stream.encode(None):
            packet.duration = min(packet.duration, len(NOISE) - packet.pts)  # the last one is not full
            out.mux(packet)
    return file.getvalue()


def lag(sound: Sound) -> int:
    """Return by how many samples a decoded sound is later than the noise that was encoded."""
    samples = sound.samples[:RATE, 0] - sound.samples[:RATE, 0].mean()
    peaks = correlate(samples, NOISE[:RATE, 0] - NOISE[:RATE, 0].mean(), method="fft")
    return int(np.argmax(np.diff(peaks, 2, prepend=0, append=0) * -1)) - (RATE - 1)


def correlation(sound: Sound, samples: NDArray[np.float64]) -> float:
    return float(np.corrcoef(sound.samples[: len(samples), 0], samples[: len(sound.samples)])[0, 1])


@pytest.mark.parametrize(("form", "subtype"), PLAIN)
@pytest.mark.parametrize(("endian", "channels"), [("FILE", 1), ("FILE", 2), ("LITTLE", 1)])
def test_computers_recordings_decode_as_libsndfile_decodes_them(
    form: str, subtype: str, endian: str, channels: int
) -> None:
    if form == "AIFF" and endian == "LITTLE" and subtype in ("PCM_S8", "FLOAT", "DOUBLE"):
        endian = "FILE"
    data = by_sndfile(form, subtype, endian, channels)
    expected, rate = sf.read(io.BytesIO(data), dtype="float32", always_2d=True)
    container, sound = inspect(data), decode(data)
    assert container.frames in (len(expected), None)
    assert sound.rate == rate == container.rate
    np.testing.assert_array_equal(sound.samples, expected)
    assert sound.irregularities == (Irregularity.STATED_ONCE,)
    with pytest.raises(DataError, match="refused by --strict"):
        decode(data, Acceptance(strict=True))


@pytest.mark.parametrize(("form", "subtype"), PLAIN)
def test_computers_recordings_are_whole_or_refused(form: str, subtype: str) -> None:
    data = by_sndfile(form, subtype)
    whole = decode(data).samples
    for length in {*range(0, 600, 7), *np.linspace(600, len(data) - 1, 40, dtype=int).tolist()}:
        try:
            sound = decode(data[:length])
        except DataError:
            continue
        np.testing.assert_array_equal(sound.samples, whole)  # metadata or a pad byte was cut off
    for bit in _RNG.integers(0, 8 * 200, 400):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            sound = decode(bytes(flipped))
        except DataError:
            continue
        assert sound.irregularities


def test_a_core_audio_stream_is_read_to_its_end() -> None:
    data = bytearray(by_sndfile("CAF", "PCM_16"))
    place = data.index(b"data") + 4
    data[place : place + 8] = b"\xff" * 8
    sound = decode(bytes(data))
    np.testing.assert_array_equal(sound.samples, decode(by_sndfile("CAF", "PCM_16")).samples)
    assert set(sound.irregularities) == {Irregularity.STREAM_SIZE, Irregularity.STATED_ONCE}


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_mp3_is_read_without_its_delay_where_it_states_it(rate: int) -> None:
    file = io.BytesIO()
    sf.write(file, NOISE, rate, format="MP3", subtype="MPEG_LAYER_III")
    container, sound = inspect(file.getvalue()), decode(file.getvalue(), LOSSY)
    assert (container.frames, container.rate) == (len(sound.samples), sound.rate) == (len(NOISE), rate)
    assert sound.irregularities == (Irregularity.LOSSY,)
    assert lag(sound) == 0
    assert correlation(sound, NOISE[:, 0]) > 0.99
    tagged = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + file.getvalue() + b"TAG" + bytes(125)
    np.testing.assert_array_equal(decode(tagged, LOSSY).samples, sound.samples)


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_m4a_is_read_without_its_delay(rate: int) -> None:
    sound = decode(by_ffmpeg("aac", "ipod", rate), LOSSY)
    assert sound.rate == rate
    assert abs(len(sound.samples) - len(NOISE)) <= rate // 1_000
    assert sound.irregularities == (Irregularity.LOSSY,)
    assert lag(sound) == 0
    assert correlation(sound, NOISE[:, 0]) > 0.99


def test_apples_lossless_codec_loses_nothing() -> None:
    sound = decode(by_ffmpeg("alac", "ipod"))
    np.testing.assert_allclose(sound.samples[:, 0], NOISE[:, 0], atol=2**-14)
    assert not sound.irregularities


def test_a_delay_that_is_not_stated_is_told() -> None:
    for data in (by_ffmpeg("aac", "adts"), by_ffmpeg("libmp3lame", "mp3", write_xing="0")):
        sound = decode(data, LOSSY)
        assert sound.irregularities == (Irregularity.LOSSY, Irregularity.NO_DELAY)
        assert 0 < lag(sound) <= 1_200


@pytest.mark.parametrize(("codec", "container"), [("aac", "ipod"), ("aac", "adts"), ("libmp3lame", "mp3")])
def test_lossy_recordings_are_refused_unless_allowed_and_where_cut_off(codec: str, container: str) -> None:
    data = by_ffmpeg(codec, container)
    with pytest.raises(DataError, match="--lossy reads it"):
        decode(data)
    with pytest.raises(DataError, match="refused by --strict"):
        decode(data, Acceptance(strict=True, lossy=True))
    whole = len(decode(data, LOSSY).samples)
    for first, last in pairwise(np.linspace(0, len(data), 12, dtype=int).tolist()):
        if container == "adts" or first == 0:
            continue
        with pytest.raises(DataError):
            decode(data[: last - 1], LOSSY)
        middle = bytearray(data)
        middle[first:last] = bytes(last - first)
        try:
            damaged = decode(bytes(middle), LOSSY)
        except DataError:
            continue
        assert len(damaged.samples) <= whole


def test_a_recording_that_was_not_ended_is_named() -> None:
    data = by_ffmpeg("aac", "ipod")
    with pytest.raises(DataError, match="has no index"):
        decode(data[: data.index(b"moov") - 4], LOSSY)


def test_without_pyav_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    data = by_ffmpeg("aac", "ipod")
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(DataError, match="pip install av"):
        decode(data, LOSSY)


@pytest.mark.parametrize(
    "mark", [b"FORM", b"caff", b"riff", b"\0\0\0\x18ftyp", b"\xff\xfb\x90\x00", b"\xff\xf1\x50\x80"]
)
def test_random_files_of_every_kind_are_refused(mark: bytes) -> None:
    for size in _RNG.integers(0, 5_000, 30):
        rest = _RNG.bytes(int(size))
        for data in (mark + rest, mark + bytes(8) + rest, mark + rest[:4] + b"AIFFCOMM" + rest):
            with pytest.raises(DataError):
                decode(data, LOSSY)
