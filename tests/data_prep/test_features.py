"""Features against librosa, which composes the same spectrogram from its own parts in (mostly) float64."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import scipy.signal
import soundfile as sf
import soxr
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from common.errors import ConfigError, DataError
from data_prep import features
from data_prep.features import FeatureSettings, PerceptualMel

Samples = NDArray[np.float32]
RATE, SECONDS = 22_050, 10
AGREEMENT = 1e-3


def oracle(samples: NDArray[Any], of: FeatureSettings | None = None) -> NDArray[np.float64]:
    """The composition that defines the features; `samples` in float64 make it float64 from end to end."""
    of = of or FeatureSettings()
    with warnings.catch_warnings(), np.errstate(divide="ignore"):
        warnings.simplefilter("ignore")  # 0 Hz has no A-weighting; clips shorter than a frame
        spectrum = librosa.stft(samples, n_fft=of.n_fft, hop_length=of.hop_length, pad_mode="reflect")
        frequencies = librosa.fft_frequencies(sr=of.sample_rate, n_fft=of.n_fft)
        level = librosa.perceptual_weighting(
            np.abs(spectrum) ** 2, frequencies, ref=1.0, amin=of.amin, top_db=of.top_db
        )
        mel = librosa.filters.mel(sr=of.sample_rate, n_fft=of.n_fft, n_mels=of.mels, fmin=of.fmin, fmax=of.fmax)
    return np.asarray(mel @ level, dtype=np.float64)


def one(samples: Samples, mel: PerceptualMel | None = None) -> NDArray[np.float32]:
    return np.asarray((mel or PerceptualMel())(torch.from_numpy(samples)[None])[0].numpy())


def assert_agrees(samples: Samples) -> None:
    ours, theirs = one(samples), oracle(samples)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=AGREEMENT)
    np.testing.assert_allclose(ours, oracle(samples.astype(np.float64)), rtol=0, atol=AGREEMENT)
    half_a_step = np.spacing(np.abs(theirs).astype(np.float16)).astype(np.float64) / 2
    assert (np.abs(ours.astype(np.float16) - theirs) <= half_a_step + AGREEMENT).all()


def _count() -> NDArray[np.int64]:
    return np.arange(SECONDS * RATE)


def _noise(seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal(SECONDS * RATE)


def _sine(hertz: float) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * hertz * _count() / RATE)


def _filtered(hertz: int, high: bool) -> NDArray[np.float64]:
    """Full-scale noise on one side of a steep filter whose other side lies at the floor."""
    taps = scipy.signal.firwin(1501, hertz, fs=RATE, window=("kaiser", 8))
    kept = scipy.signal.fftconvolve(_noise(), taps, mode="same")
    kept = _noise() - kept if high else kept
    return np.asarray(kept / np.abs(kept).max())


def notched_click(first: int, last: int, depth: float, position: float) -> NDArray[np.float64]:
    """Full-scale click whose spectrum is flat but for a notch from bin `first` to `last`, `depth` dB deep."""
    bins = np.arange(1025)
    magnitude = np.where((bins >= first) & (bins < last), 10 ** (-depth / 20), 1.0)
    clip = np.zeros(RATE)
    clip[5120 : 5120 + 2048] = np.fft.irfft(magnitude * np.exp(-1j * np.pi * position * bins))
    return np.asarray(clip / np.abs(clip).max())


SIGNALS: dict[str, Callable[[], NDArray[Any]]] = {
    "silence": lambda: 0.0 * _count(),
    "impulse": lambda: (_count() == 110_250) * 1.0,
    "impulse at a frame's end": lambda: (_count() == 51_200 + 1000) * 1.0,
    "impulse at the first sample": lambda: (_count() == 0) * 1.0,
    "constant": lambda: 0.0 * _count() + 1.0,
    "constant and noise": lambda: 1.0 + 1e-4 * _noise(),
    "noise at full scale": lambda: np.clip(_noise(), -1, 1),
    "noise a thousand times over full scale": lambda: 1e3 * _noise(),
    "sine at full scale": lambda: _sine(1000),
    "sine on a bin": lambda: _sine(93 * RATE / 2048),
    "sine at the highest frequency": lambda: _sine(RATE / 2 - 1e-3),
    "sine of 16 bits": lambda: np.round(_sine(440) * 32_767) / 32_768,
    "square": lambda: np.sign(_sine(440)),
    "sweep": lambda: scipy.signal.chirp(_count() / RATE, 20, SECONDS, 11_000),
    "train of short sweeps": lambda: scipy.signal.chirp(_count() / RATE % 0.05, 20, 0.05, 11_000),
    "24 bits": lambda: np.round(0.01 * _noise() * 2**23) / 2**23,
    "a few steps of 24 bits": lambda: np.round(2 * _noise()) / 2**23,
    "very quiet": lambda: 1e-6 * _noise(),
    "below everything": lambda: 1e-20 * _noise(),
    "denormal": lambda: 1e-40 * _noise(),
    "loud, then quiet": lambda: np.where(_count() < 110_000, 0.3, 3e-5) * _noise(),
    "low-passed": lambda: _filtered(1000, high=False),
    "high-passed": lambda: _filtered(1000, high=True),
    "brown": lambda: np.cumsum(_noise()) / 2000,
    "1 s": lambda: _filtered(3000, high=False)[:RATE],
    "5 s": lambda: 0.1 * _noise()[: 5 * RATE],
    "shortest": lambda: 0.1 * _noise()[:1025],
}


@pytest.mark.parametrize("name", SIGNALS)
def test_agrees_with_librosa(name: str) -> None:
    assert_agrees(SIGNALS[name]().astype(np.float32))


def test_agrees_on_real_recordings(real_data: Path) -> None:
    folder = real_data / "data"
    clips = [folder / "wav" / "acoustic_scene.wav"]
    clips += sorted((folder / "esc10").glob("*/*.ogg"))[::8]
    assert len(clips) > 20
    for clip in clips:
        samples, rate = sf.read(clip, always_2d=True)
        assert_agrees(soxr.resample(samples.mean(axis=1), rate, RATE).astype(np.float32))


# Found by hill climbing for the largest error; without the second transform they reach 2e-3 on the author's machine.
WORST = [(1, 281, 79.557, 0.86773), (75, 127, 79.996, 0.99861), (39, 365, 76.716, 0.6489), (88, 169, 78.986, 1.26882)]


@pytest.mark.parametrize("click", WORST)
def test_frames_that_float32_cannot_transform_are_transformed_in_float64(
    click: tuple[int, int, float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = notched_click(*click).astype(np.float32)
    expected = oracle(samples)
    error = np.abs(one(samples) - expected).max()
    monkeypatch.setattr(features, "_FLOAT32_RANGE", np.inf)
    assert error < AGREEMENT / 4 < np.abs(one(samples) - expected).max()


@given(
    samples=st.integers(1025, 9000),
    loudness=st.floats(-120, 40),
    colour=st.floats(-0.99, 0.99),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_agrees_at_any_length_and_loudness(samples: int, loudness: float, colour: float, seed: int) -> None:
    noise = scipy.signal.lfilter([1], [1, colour], np.random.default_rng(seed).standard_normal(samples))
    assert_agrees((10 ** (loudness / 20) * noise).astype(np.float32))


@pytest.mark.parametrize(
    "of",
    [
        FeatureSettings(sample_rate=16_000, n_fft=1024, hop_length=250, mels=64, fmin=50.0, fmax=8000.0),
        FeatureSettings(sample_rate=48_000, n_fft=4096, hop_length=4096, mels=128, fmax=24_000.0, amin=1e-6),
        FeatureSettings(n_fft=8192, hop_length=2048),  # has frequencies whose A-weighting lies below its floor
        FeatureSettings(top_db=60.0),
        FeatureSettings(top_db=110.0),
    ],
)
def test_agrees_with_other_settings(of: FeatureSettings) -> None:
    samples = (0.1 * _noise()[:30_000]).astype(np.float32)
    np.testing.assert_allclose(one(samples, PerceptualMel(of)), oracle(samples, of), rtol=0, atol=AGREEMENT)


@pytest.fixture(params=[True, False], ids=["on the CPU", "as elsewhere"])
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Let the CPU compute as it does, and as any other device does."""
    if not request.param:
        monkeypatch.setattr(features, "_on_host", lambda _: False)
    return bool(request.param)


def test_a_batch_is_its_clips(host: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "_CLIPS", 3)
    signals = (notched_click(*WORST[0]), 0.01 * _noise()[:RATE], np.zeros(RATE), _sine(700)[:RATE])
    batch = torch.from_numpy(np.stack(signals).astype(np.float32))
    before = batch.clone()
    spectrograms = PerceptualMel()(batch)
    assert torch.equal(batch, before)
    assert spectrograms.shape == (4, 256, 44)
    assert spectrograms.dtype == torch.float32
    assert spectrograms.is_contiguous()
    for clip, spectrogram in zip(batch.numpy(), spectrograms.numpy(), strict=True):
        np.testing.assert_allclose(spectrogram, one(clip), rtol=0, atol=1e-5)
        np.testing.assert_allclose(spectrogram, oracle(clip), rtol=0, atol=AGREEMENT)


def test_elsewhere_no_value_is_looked_at() -> None:
    # Tensors of the meta device have none: whatever branches on one, or copies it to the host, is an error.
    spectrograms = PerceptualMel().to("meta")(torch.empty(40, RATE, device="meta"))
    assert spectrograms.shape == (40, 256, 44)
    assert spectrograms.device.type == "meta"


def test_no_setting_of_the_training_coarsens_it() -> None:
    waveform = torch.from_numpy((0.1 * _noise()[None, :RATE]).astype(np.float32)).requires_grad_()
    mel = PerceptualMel()
    plain, precision = mel(waveform), torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        with torch.autocast("cpu", torch.bfloat16):
            mixed = mel(waveform)
    finally:
        torch.set_float32_matmul_precision(precision)
    assert mixed.dtype == torch.float32
    assert torch.equal(mixed, plain)
    assert not plain.requires_grad


def test_buffers_follow_the_device_and_stay_out_of_checkpoints() -> None:
    mel = PerceptualMel()
    assert mel.state_dict() == {}
    assert {buffer.device.type for buffer in mel.to("meta").buffers()} == {"meta"}


@given(gain=st.floats(-40, 40))
@settings(max_examples=10, deadline=None)
def test_a_gain_shifts_every_band_by_its_decibels(gain: float) -> None:
    samples = (0.05 * _noise()[:RATE]).astype(np.float32)
    weight = librosa.filters.mel(sr=RATE, n_fft=2048, n_mels=256, fmax=11_025.0).sum(axis=1, keepdims=True)
    louder = one((10 ** (gain / 20) * samples).astype(np.float32))
    np.testing.assert_allclose(louder, one(samples) + weight * gain, rtol=0, atol=1e-4)


def test_rolling_by_hops_rolls_the_frames_away_from_the_ends() -> None:
    samples = (0.1 * _noise()[:RATE]).astype(np.float32)
    rolled = one(np.roll(samples, 5 * 512))
    np.testing.assert_allclose(rolled[:, 8:-3], one(samples)[:, 3:-8], rtol=0, atol=1e-5)


def test_silence_is_the_weighted_least_power() -> None:
    mel = librosa.filters.mel(sr=RATE, n_fft=2048, n_mels=256, fmax=11_025.0)
    with np.errstate(divide="ignore"):
        level = librosa.A_weighting(librosa.fft_frequencies(sr=RATE, n_fft=2048)) - 100
    silence = one(np.zeros(RATE, np.float32))
    np.testing.assert_allclose(silence, np.tile(mel @ level[:, None], 44), rtol=0, atol=1e-5)


@given(samples=st.integers(1025, 60_000), hop_length=st.integers(200, 2048))
@settings(max_examples=15, deadline=None)
def test_counts_frames_as_librosa_does(samples: int, hop_length: int) -> None:
    of = FeatureSettings(hop_length=hop_length)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # clips shorter than a frame
        spectrum = librosa.stft(np.zeros(samples), n_fft=2048, hop_length=hop_length, pad_mode="reflect")
    assert of.frames(samples) == spectrum.shape[1]
    assert PerceptualMel(of)(torch.zeros(1, samples)).shape == (1, 256, of.frames(samples))


def test_ten_seconds_are_431_frames() -> None:
    assert FeatureSettings().frames(220_500) == 431


def test_a_clip_too_short_to_mirror_is_an_error() -> None:
    with pytest.raises(DataError, match="1024 samples is too short"):
        PerceptualMel()(torch.zeros(1, 1024))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sample_rate", 0),
        ("n_fft", 2047),
        ("n_fft", 0),
        ("hop_length", 0),
        ("hop_length", 2049),
        ("mels", 0),
        ("fmin", -1.0),
        ("fmin", 11_025.0),
        ("fmax", 11_026.0),
        ("fmax", float("nan")),
        ("top_db", 0.0),
        ("top_db", float("nan")),
        ("amin", 0.0),
        ("amin", float("inf")),
    ],
)
def test_names_the_setting_that_is_not_allowed(field: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"^{field} = {value}") as error:
        FeatureSettings(**{field: value})
    assert error.value.field == field


@pytest.mark.filterwarnings("ignore:Empty filters:UserWarning")
def test_bands_without_a_frequency_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^mels = 256"):
        PerceptualMel(FeatureSettings(n_fft=512, hop_length=512))
