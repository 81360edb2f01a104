"""Recordings: damage never passes, whole files come out as librosa and soxr would have them."""

import hashlib
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from common.errors import DataError
from data_prep.containers.acceptance import Acceptance
from data_prep.containers.wav import read_layout
from data_prep.recording import fit_length, probe, read_recording, resample

RATE = 44_100
NOISE = np.random.default_rng(0).uniform(-0.9, 0.9, (10 * RATE, 2))


def write(
    path: Path, samples: NDArray[np.float64], rate: int = RATE, subtype: str = "PCM_24", form: str = "WAV"
) -> Path:
    sf.write(path, samples, rate, subtype=subtype, format=form)
    return path


def test_truncations_are_all_rejected(tmp_path: Path) -> None:
    data = write(tmp_path / "whole.wav", NOISE[:, 0]).read_bytes()
    cut = tmp_path / "cut.wav"
    lengths = [*range(60), *np.random.default_rng(1).integers(60, len(data), 200)]
    for length in lengths:
        cut.write_bytes(data[:length])
        with pytest.raises(DataError):
            read_recording(cut)
    assert len(lengths) == 260
    cut.write_bytes(data)
    assert len(read_recording(cut).samples) == 10 * RATE


@pytest.mark.parametrize(
    ("form", "subtype"),
    [("WAV", kind) for kind in ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")]
    + [("WAVEX", kind) for kind in ("PCM_24", "PCM_32", "FLOAT")]
    + [("RF64", kind) for kind in ("PCM_24", "PCM_32")],
)
def test_a_flipped_bit_of_the_header_is_rejected_or_changes_nothing(tmp_path: Path, form: str, subtype: str) -> None:
    path = write(tmp_path / "x.wav", NOISE[: RATE // 20], subtype=subtype, form=form)
    data, whole = path.read_bytes(), read_recording(path)
    bits = 8 * read_layout(data)[0].offset
    assert bits >= 352
    rejected = told = 0
    for bit in range(bits):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            recording = read_recording(path)
        except DataError:
            rejected += 1
            continue
        told += bool(recording.irregularities)
        assert recording.rate == whole.rate or recording.irregularities, bit
        if recording.rate == whole.rate:
            np.testing.assert_array_equal(recording.samples, whole.samples, err_msg=f"bit {bit}")
        if recording.irregularities:
            with pytest.raises(DataError, match="refused by --strict"):
                read_recording(path, Acceptance(strict=True))
    assert rejected + told >= 352
    assert told >= 32  # those of the outer size, at least


def test_random_files_are_rejected(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    for number in range(50):
        path = tmp_path / f"{number}.wav"
        path.write_bytes(rng.bytes(int(rng.integers(0, 100_000))))
        with pytest.raises(DataError):
            read_recording(path)


def test_a_recording_tells_its_file_and_the_mean_of_its_channels(tmp_path: Path) -> None:
    path = write(tmp_path / "x.wav", NOISE[:48_000], 48_000)
    recording = read_recording(path)
    assert recording.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert recording.bytes == path.stat().st_size
    assert recording.rate == 48_000
    expected = librosa.to_mono(sf.read(path, dtype="float32")[0].T)
    np.testing.assert_allclose(recording.samples, expected, atol=1e-7)
    assert recording.samples.dtype == np.float32


@pytest.mark.parametrize(
    ("samples", "subtype"),
    [
        (np.zeros(RATE), "PCM_24"),
        (np.ones(RATE), "PCM_16"),
        (-np.ones(RATE), "PCM_32"),
        (np.eye(1, RATE)[0], "FLOAT"),
        (40 * NOISE[:RATE, 0], "FLOAT"),
        (NOISE[:RATE], "DOUBLE"),
        (NOISE[:1], "PCM_24"),
    ],
    ids=["silence", "full scale", "negative full scale", "impulse", "beyond full scale", "double", "one frame"],
)
def test_odd_sounds_are_recordings(tmp_path: Path, samples: NDArray[np.float64], subtype: str) -> None:
    recording = read_recording(write(tmp_path / "x.wav", samples, subtype=subtype))
    expected = samples.mean(axis=1) if samples.ndim == 2 else samples
    np.testing.assert_allclose(recording.samples, expected, atol=1e-4)


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_what_is_no_sample_of_sound_is_rejected_with_its_place(tmp_path: Path, value: float, subtype: str) -> None:
    samples = NOISE[:RATE].copy()
    samples[777, 1] = value
    with pytest.raises(DataError, match="at frame 777"):
        read_recording(write(tmp_path / "x.wav", samples, subtype=subtype))


def test_a_double_beyond_float32_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at frame 0"):
        read_recording(write(tmp_path / "x.wav", np.full(10, 1e300), subtype="DOUBLE"))


def test_files_that_are_none_are_rejected(tmp_path: Path) -> None:
    for content, reason in ((None, "No such file"), (b"", "empty file"), (b"MP3\0" * 100, "neither WAV")):
        path = tmp_path / "x.wav"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(DataError, match=reason):
            read_recording(path)
        with pytest.raises(DataError):
            probe(path)
    with pytest.raises(DataError, match="Is a directory"):
        read_recording(tmp_path)
    with pytest.raises(DataError, match="holds no samples"):
        read_recording(write(path, np.zeros(0)))


def test_probe_agrees_with_reading(tmp_path: Path) -> None:
    for name, form, subtype in (("x.wav", "WAV", "PCM_24"), ("x.flac", "FLAC", "PCM_16"), ("x.ogg", "OGG", "VORBIS")):
        path = write(tmp_path / name, NOISE[:12_345], 48_000, subtype, form)
        recording = read_recording(path)
        container = probe(path)
        assert (container.frames, container.rate) == (len(recording.samples), recording.rate) == (12_345, 48_000)


@pytest.mark.parametrize(("rate", "frames"), [(48_000, 480_000), (44_100, 441_001), (8_000, 80_000), (96_000, 48_000)])
def test_resampling_is_librosas(rate: int, frames: int) -> None:
    samples = np.resize(NOISE[:, 0], frames).astype(np.float32)
    expected = librosa.resample(samples, orig_sr=rate, target_sr=22_050, res_type="soxr_hq")
    resampled = resample(samples, rate)
    assert resampled.shape == (round(frames * 22_050 / rate),)
    assert resampled.dtype == np.float32
    shared = min(len(expected), len(resampled))  # librosa rounds up
    np.testing.assert_allclose(resampled[:shared], expected[:shared], atol=1e-6)


def test_resampling_does_not_alias_and_keeps_what_is_below() -> None:
    time = np.arange(10 * RATE) / RATE
    above, below = (resample(np.sin(2 * np.pi * hertz * time).astype(np.float32), RATE) for hertz in (13_000, 3_000))
    inner = slice(1_000, -1_000)
    assert 20 * np.log10(np.abs(above[inner]).max()) < -120
    expected = np.sin(2 * np.pi * 3_000 * np.arange(220_500) / 22_050)
    np.testing.assert_allclose(below[inner], expected[inner], atol=1e-4)


def test_resampling_gives_the_length_asked_for_and_leaves_what_fits() -> None:
    samples = NOISE[:, 0].astype(np.float32)
    for length in (220_499, 220_500, 220_501):
        resampled = resample(samples, RATE, length=length)
        assert len(resampled) == length
        np.testing.assert_array_equal(resampled[:220_499], resample(samples, RATE)[:220_499])
    np.testing.assert_array_equal(resample(samples[:100], 22_050), samples[:100])


@pytest.mark.parametrize(
    ("frames", "what"),
    [
        (441_000, ""),
        (441_001, "trimmed"),
        (441_441, "trimmed"),
        (440_559, "padded"),
        (441_442, "cropped"),
        (440_558, "wrapped"),
        (100_000, "wrapped"),
    ],
)
def test_lengths_within_ten_milliseconds_fit_and_others_only_if_asked(frames: int, what: str) -> None:
    samples = np.arange(1, frames + 1, dtype=np.float32)
    if what in ("cropped", "wrapped"):
        with pytest.raises(DataError, match=r"instead of 10 s; --fit"):
            fit_length(samples, RATE, 10.0, fit=False)
    fitted, told = fit_length(samples, RATE, 10.0, fit=True)
    assert told == what
    assert len(fitted) == 441_000
    expected = np.arange(441_000) % frames + 1 if what == "wrapped" else np.arange(1, 441_001)
    np.testing.assert_array_equal(fitted[:frames], expected[:frames])
    np.testing.assert_array_equal(fitted[frames:], 0 if what == "padded" else expected[frames:])


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 30_000), st.sampled_from([8_000, 16_000, 44_100, 48_000]), st.floats(0.05, 1.5))
def test_any_length_can_be_fitted(frames: int, rate: int, seconds: float) -> None:
    fitted, what = fit_length(np.ones(frames, np.float32), rate, seconds, fit=True)
    assert len(fitted) == round(seconds * rate)
    assert fitted.all() or what == "padded"
    assert len(resample(fitted, rate, length=round(seconds * 22_050))) == round(seconds * 22_050)


def test_a_real_scene_of_a_frame_too_many_is_read_whole(real_data: Path) -> None:
    path = real_data / "data" / "wav" / "acoustic_scene.wav"
    recording = read_recording(path)
    expected = librosa.to_mono(sf.read(path, dtype="float32")[0].T)
    np.testing.assert_allclose(recording.samples, expected, atol=1e-7)
    fitted, what = fit_length(recording.samples, recording.rate, 10.0, fit=False)
    assert what == "trimmed"
    assert resample(fitted, recording.rate).shape == (220_500,)
