"""Devices against closed forms, scipy's and torchaudio's filters, and real measured responses."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import torchaudio.functional as biquads
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import freqz, resample_poly, sosfilt, sosfreqz

from common.errors import ConfigError, DataError
from data_prep.demo_set import demo_devices
from data_prep.devices import Band, Compression, Device, load_response, normalise_response, parametric_response

RATE = 44_100
FLAT = 0.5**0.5
HERTZ = np.geomspace(60, 15_000, 200)


def noise(seed: int = 0, seconds: float = 0.5, rate: int = RATE) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * rate))


def decibels(ratio: np.ndarray) -> np.ndarray:
    level: np.ndarray = 20 * np.log10(np.abs(ratio))
    return level


def level(samples: np.ndarray) -> float:
    return float(decibels(np.sqrt(np.mean(samples**2))))


def crest(samples: np.ndarray) -> float:
    return float(np.abs(samples).max() / np.sqrt(np.mean(samples**2)))


def without_level(curve: np.ndarray) -> np.ndarray:
    centred: np.ndarray = curve - curve.mean()
    return centred


@pytest.mark.parametrize(
    ("band", "oracle"),
    [
        (Band(kind="highpass", frequency=300), lambda x: biquads.highpass_biquad(x, RATE, 300.0, FLAT)),
        (Band(kind="lowpass", frequency=5000, quality=1.3), lambda x: biquads.lowpass_biquad(x, RATE, 5000.0, 1.3)),
        (Band(kind="peak", frequency=2000, gain=9, quality=2), lambda x: biquads.equalizer_biquad(x, RATE, 2e3, 9, 2)),
        (Band(kind="peak", frequency=900, gain=-6), lambda x: biquads.equalizer_biquad(x, RATE, 900.0, -6, FLAT)),
        (Band(kind="lowshelf", frequency=250, gain=-8), lambda x: biquads.bass_biquad(x, RATE, -8, 250.0, FLAT)),
        (Band(kind="highshelf", frequency=4e3, gain=7), lambda x: biquads.treble_biquad(x, RATE, 7, 4e3, FLAT)),
    ],
    ids=lambda value: value.kind + str(value.gain) if isinstance(value, Band) else "",
)
def test_bands_are_the_usual_biquads(band: Band, oracle: object) -> None:
    clip = noise()
    expected = oracle(torch.from_numpy(clip)).numpy()  # type: ignore[operator]
    np.testing.assert_allclose(sosfilt(band.section(RATE)[None], clip), expected, atol=1e-6)


@pytest.mark.parametrize("device", ["b", "s5"])
def test_the_measured_response_is_the_designed_one(device: str) -> None:
    """Excite the finished device with noise, divide the spectra, compare with the coefficients' response."""
    response = demo_devices()[device].response
    clip = np.concatenate([np.zeros(100), noise(seconds=1.0), np.zeros(len(response))])
    recorded = Device(rate=RATE, response=response).record(clip)
    frequency = np.fft.rfftfreq(len(clip), 1 / RATE)
    measured = decibels(np.fft.rfft(recorded) / np.fft.rfft(clip))
    _, designed = freqz(response, worN=frequency, fs=RATE)
    inside = (frequency > 60) & (frequency < 15_000)
    np.testing.assert_allclose(measured[inside], decibels(designed)[inside], atol=1e-6)


def test_bands_multiply_into_one_response() -> None:
    bands = (
        Band(kind="highpass", frequency=150),
        Band(kind="peak", frequency=1200, gain=9, quality=1.2),
        Band(kind="highshelf", frequency=6000, gain=-12),
    )
    _, designed = sosfreqz(np.stack([band.section(RATE) for band in bands]), worN=HERTZ, fs=RATE)
    _, response = freqz(parametric_response(bands, RATE), worN=HERTZ, fs=RATE)
    np.testing.assert_allclose(without_level(decibels(response)), without_level(decibels(designed)), atol=1e-3)


def test_no_bands_leave_a_clip_alone() -> None:
    clip = noise()
    recorded = Device(rate=RATE, response=parametric_response((), RATE)).record(clip)
    np.testing.assert_allclose(recorded, clip, atol=1e-12)


@pytest.mark.parametrize(
    ("band", "field"),
    [(Band(kind="peak", frequency=30_000), "frequency"), (Band(kind="peak", frequency=100, quality=0), "quality")],
)
def test_impossible_bands_are_named(band: Band, field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        band.section(RATE)


@pytest.mark.parametrize("name", ["b", "c", "s1", "s2", "s3", "s4", "s5", "s6"])
def test_demo_devices_keep_the_level_of_pink_noise_and_colour_it(name: str) -> None:
    response = demo_devices()[name].response
    bins = np.fft.rfft(noise(seconds=4.0))
    frequency = np.fft.rfftfreq(4 * RATE, 1 / RATE)
    inside = (frequency >= 100) & (frequency <= 10_000)
    pink = np.fft.irfft(np.where(inside, bins / np.sqrt(np.maximum(frequency, 1)), 0))
    assert level(Device(rate=RATE, response=response).record(pink)) == pytest.approx(level(pink), abs=0.4)
    _, curve = freqz(response, worN=np.geomspace(150, 8000, 100), fs=RATE)
    assert 6 < np.ptp(decibels(curve)) < 45


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.floats(-3, 3), st.floats(-3, 3))
def test_a_device_without_compression_is_linear(seed: int, left: float, right: float) -> None:
    device = Device(rate=RATE, response=demo_devices()["s3"].response)
    one, other = noise(seed, 0.1), noise(seed + 1, 0.1)
    together = device.record(left * one + right * other)
    np.testing.assert_allclose(together, left * device.record(one) + right * device.record(other), atol=1e-10)


def test_compression_is_monotone_and_approaches_its_ratio() -> None:
    """A tone that rises in steps of 6 dB must still rise, by 6 dB below and by 6 / ratio far above the threshold."""
    step, tone = RATE // 2, np.sin(2 * np.pi * 1000 * np.arange(RATE // 2) / RATE)
    inputs = np.arange(-72, 1, 6.0)
    clip = np.concatenate([10 ** (db / 20) * tone for db in inputs])
    compressed = Compression(threshold=-30, ratio=3, time=0.01)(clip, RATE)
    outputs = [level(part[step // 2 :]) for part in compressed.reshape(len(inputs), step)]
    steps = np.diff(outputs)
    assert (steps > 0).all()
    assert (np.diff(steps) < 0.01).all()
    assert steps[0] == pytest.approx(6, abs=0.1)
    assert steps[-1] == pytest.approx(2, abs=0.1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.floats(-12, 0), st.floats(1.5, 8))
def test_compression_lowers_the_crest_factor_and_keeps_the_level(seed: int, threshold: float, ratio: float) -> None:
    swell = 10 ** (np.interp(np.arange(RATE), np.linspace(0, RATE, 9), [0, -30, -5, -40, 0, -20, -35, -10, -30]) / 20)
    clip = swell * noise(seed, 1.0)
    compressed = Compression(threshold=threshold, ratio=ratio)(clip, RATE)
    assert crest(compressed) < crest(clip)
    assert level(compressed) == pytest.approx(level(clip), abs=1e-9)
    assert np.array_equal(np.sign(compressed), np.sign(clip))


def test_compression_does_not_depend_on_the_loudness_of_the_clip() -> None:
    clip, compression = noise(), Compression(threshold=-3, ratio=3)
    np.testing.assert_allclose(compression(1e-3 * clip, RATE), 1e-3 * compression(clip, RATE), rtol=1e-9)


def test_ratio_one_and_silence_pass_unchanged() -> None:
    np.testing.assert_allclose(Compression(ratio=1)(noise(), RATE), noise(), rtol=1e-12)
    assert not Compression()(np.zeros(1000), RATE).any()


@pytest.mark.parametrize(("field", "value"), [("ratio", 0.5), ("time", 0.0)])
def test_impossible_compression_is_named(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=field):
        Compression(**{field: value})


def test_noise_has_its_level_and_its_seed() -> None:
    device = Device(rate=RATE, response=np.ones(1), noise=-60)
    recorded = [device.record(np.zeros(RATE), np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert level(recorded[0]) == pytest.approx(-60, abs=0.1)
    assert np.array_equal(recorded[0], recorded[1])
    assert not np.array_equal(recorded[0], recorded[2])
    with pytest.raises(ValueError, match="random generator"):
        device.record(np.zeros(10))


def write(path: Path, response: np.ndarray, rate: int = RATE, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, response, rate, subtype=subtype)
    return path


@pytest.fixture
def microphone() -> np.ndarray:
    return parametric_response((Band(kind="highpass", frequency=200), Band(kind="peak", frequency=3e3, gain=8)), RATE)


@pytest.mark.parametrize("delay", [0, 1, 77, 2000])
@pytest.mark.parametrize("scale", [1.0, -1.0, 0.128, -3e-3])
def test_delay_polarity_and_scale_of_a_measurement_do_not_matter(
    microphone: np.ndarray, tmp_path: Path, delay: int, scale: float
) -> None:
    measured = np.concatenate([np.zeros(delay), scale * microphone, np.zeros(500)])
    loaded = load_response(write(tmp_path / "ir.wav", measured), RATE)
    recorded, expected = (Device(rate=RATE, response=response).record(noise()) for response in (loaded, microphone))
    np.testing.assert_allclose(recorded, expected, atol=1e-6)


@pytest.mark.parametrize(("up", "down"), [(160, 147), (2, 1), (1, 2)])
def test_the_rate_of_a_measurement_does_not_matter(microphone: np.ndarray, tmp_path: Path, up: int, down: int) -> None:
    rate = RATE * up // down
    other = resample_poly(np.concatenate([np.zeros(300), microphone]), up, down)
    loaded = load_response(write(tmp_path / "ir.wav", other, rate), RATE)
    hertz = np.geomspace(100, min(15_000, 0.42 * rate), 100)
    curves = [decibels(freqz(response, worN=hertz, fs=RATE)[1]) for response in (loaded, microphone)]
    np.testing.assert_allclose(without_level(curves[0]), without_level(curves[1]), atol=0.35)


def test_a_device_keeps_time(microphone: np.ndarray, tmp_path: Path) -> None:
    measured = np.concatenate([np.zeros(150), -microphone])
    device = Device(rate=RATE, response=load_response(write(tmp_path / "ir.wav", measured), RATE))
    clip = np.zeros(RATE)
    clip[20_000] = 0.5
    recorded = device.record(clip)
    assert len(recorded) == len(clip)
    assert abs(int(np.abs(recorded).argmax()) - 20_000) <= 2


@pytest.mark.parametrize(
    ("samples", "reason"),
    [(np.zeros(0), "no samples|empty"), (np.zeros(4000), "silent"), (np.ones(10), "0.23 ms")],
    ids=["empty", "silent", "short"],
)
def test_unusable_responses_are_refused(samples: np.ndarray, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=reason):
        load_response(write(tmp_path / "ir.wav", samples), RATE)


def test_real_measured_responses_load(real_data: Path) -> None:
    files = sorted((real_data / "data" / "micirp").glob("*.wav"))
    assert len(files) > 30
    for file in files[::4]:
        response = load_response(file, RATE)
        assert response[np.abs(response).argmax()] > 0
        np.testing.assert_allclose(normalise_response(response, RATE), response, rtol=1e-9)
        measured, rate = soundfile.read(file)
        curves = [freqz(taps, worN=HERTZ, fs=hz)[1] for taps, hz in ((response, RATE), (measured, rate))]
        assert np.abs(without_level(decibels(curves[0])) - without_level(decibels(curves[1]))).max() < 0.2, file
