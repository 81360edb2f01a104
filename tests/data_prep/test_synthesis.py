"""Sources, rooms, cities and scenes: spectra, pitches and decays against their definitions."""

import hashlib
import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import periodogram, welch

from data_prep.layouts import LAYOUTS
from data_prep.synthesis import life, machines
from data_prep.synthesis.cities import CITIES, vary
from data_prep.synthesis.rooms import Room
from data_prep.synthesis.scenes import SCENES, MixedSource, compose
from data_prep.synthesis.signals import LENGTH, RATE, add, drift, fading, generator, noise, oscillate, table, unit

ROOT = Path(__file__).resolve().parents[2]
PARTS = [(scene, part) for scene, recipe in SCENES.items() for part in recipe.parts]


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def strongest(samples: np.ndarray) -> float:
    """Frequency of the strongest line in Hz."""
    frequency, power = periodogram(samples, RATE)
    return float(frequency[power.argmax()])


def test_generators_are_keyed_by_their_names() -> None:
    draws = [generator(*names).random(4).tolist() for names in (("a", 1), ("a", "1"), ("a", 2), ("b", 1), ("a1",))]
    assert draws[0] == draws[1]
    assert len({tuple(draw) for draw in draws}) == 4


def test_noise_follows_its_curve() -> None:
    curve = ((100, 0), (1000, -20), (8000, -6))
    samples = noise(generator("noise"), curve)
    frequency, power = welch(samples, RATE, nperseg=4096)
    wanted = np.interp(np.log(frequency[10:700]), np.log([point[0] for point in curve]), [point[1] for point in curve])
    off = 10 * np.log10(power[10:700]) - wanted
    assert np.abs(off - off.mean()).max() < 3
    assert rms(samples) == pytest.approx(1)


def test_tones_have_their_pitch_and_harmonics() -> None:
    rng = generator("tone")
    samples = oscillate(np.full(LENGTH, 440.0), table(np.array([1.0, 0.0, 0.5]), rng))
    _, power = periodogram(samples, RATE)
    lines = {int(k): power[k] for k in power.argsort()[-2:]}
    assert set(lines) == {440 * 5, 1320 * 5}
    assert lines[1320 * 5] / lines[440 * 5] == pytest.approx(0.25, rel=0.01)


def test_waves_may_change_on_the_way() -> None:
    rng = generator("waves")
    waves = np.stack([table(np.array([1.0]), rng), table(np.array([0.0, 1.0]), rng)])
    choice = np.repeat([0, 1], LENGTH // 2)
    samples = oscillate(np.full(LENGTH, 300.0), waves, choice)
    assert strongest(samples[: LENGTH // 2]) == pytest.approx(300)
    assert strongest(samples[LENGTH // 2 :]) == pytest.approx(600)


def test_fading_falls_by_60_decibels_in_its_decay() -> None:
    envelope = fading(1.0, 0.5)
    assert len(envelope) == RATE
    assert 20 * np.log10(envelope[RATE // 2]) == pytest.approx(-60, abs=0.1)


def test_drift_wanders_about_as_far_as_told() -> None:
    decibels = np.concatenate([20 * np.log10(drift(generator("drift", i), 10, 3.0)) for i in range(10)])
    assert 1.5 < decibels.std() < 3.5
    assert np.abs(np.diff(decibels[:LENGTH])).max() < 0.01


@pytest.mark.parametrize(("start", "inside"), [(-0.5, 0.5), (0.0, 1.0), (4.75, 0.25), (5.5, 0.0), (-2.0, 0.0)])
def test_events_are_cut_at_the_clip_s_ends(start: float, inside: float) -> None:
    out = np.zeros(LENGTH)
    add(out, np.ones(RATE), start)
    assert out.sum() == pytest.approx(inside * RATE, abs=1)


def test_silence_stays_silence() -> None:
    assert not unit(np.zeros(10)).any()


def test_the_cities_are_those_of_the_data_set_and_differ_in_every_trait() -> None:
    assert tuple(sorted(CITIES)) == LAYOUTS["tau2020"].cities
    for trait in ("vehicle", "decay", "bed", "tilt", "hum", "bird", "chime", "voice"):
        assert len({getattr(city, trait) for city in CITIES.values()}) >= 9, trait


def test_places_keep_their_city_s_character() -> None:
    city = CITIES["lisbon"]
    places = [vary(city, generator("place", i), 1.0) for i in range(200)]
    assert vary(city, generator("place"), 0.0) == city
    for field in fields(city):
        values = [getattr(place, field.name) for place in places]
        if field.name in ("hum", "bird", "chime", "wet"):
            assert set(values) == {getattr(city, field.name)}
        else:
            assert len(set(values)) == 200
            assert np.median(values) == pytest.approx(getattr(city, field.name), abs=0.3)


@pytest.mark.parametrize("city", ["helsinki", "milan"])
def test_machines_hum_at_the_city_s_pitch(city: str) -> None:
    _, power = periodogram(machines.hum(generator("hum"), CITIES[city]), RATE)
    lines = np.array(
        [
            power[int(5 * CITIES[city].hum * k * 0.98) : int(5 * CITIES[city].hum * k * 1.02) + 1].sum()
            for k in range(1, 13)
        ]
    )
    assert lines.sum() > 0.97 * power.sum()


def test_vehicles_differ_by_the_city_s_factor() -> None:
    low, high = (
        strongest(machines.bell(generator("bell"), replace(CITIES["lyon"], vehicle=factor), 500, 9.0, 3.0))
        for factor in (1.0, 1.25)
    )
    assert high / low == pytest.approx(1.25, rel=0.01)


def test_beds_tilt_with_the_city() -> None:
    curve = ((60, 0), (8000, -20))
    powers = [welch(machines.bed(generator("bed"), CITIES[city], curve), RATE)[1] for city in ("lisbon", "helsinki")]
    frequency = np.fft.rfftfreq(256, 1 / RATE)
    inside = (frequency > 500) & (frequency < 8000)
    slope = np.polyfit(np.log2(frequency[inside]), 10 * np.log10(powers[0] / powers[1])[inside], 1)[0]
    assert slope == pytest.approx(CITIES["lisbon"].tilt - CITIES["helsinki"].tilt, abs=0.1)


def test_birds_sing_in_their_range() -> None:
    lowest, octaves, _ = CITIES["stockholm"].bird
    frequency, power = periodogram(life.birds(generator("birds"), CITIES["stockholm"], singers=3), RATE)
    inside = (frequency > lowest * 0.6) & (frequency < lowest * 1.3 * 2 ** (2 * octaves))
    assert power[inside].sum() > 0.95 * power.sum()


def test_announcements_begin_with_the_city_s_chime() -> None:
    city = CITIES["paris"]
    heard = np.sum([np.abs(np.fft.rfft(life.announcement(generator("say", i), city))) for i in range(3)], axis=0)
    for note in city.chime:
        near = heard[int(4.8 * note) : int(5.2 * note)]
        assert abs(near.argmax() + int(4.8 * note) - 5 * note) <= 3
        assert near.max() > 5 * np.median(heard[int(4 * note) : int(6 * note)])


@pytest.mark.parametrize(("scene", "part"), PARTS, ids=[f"{scene}-{i}" for i, (scene, _) in enumerate(PARTS)])
def test_every_source_sounds_in_every_kind_of_city(scene: str, part: MixedSource) -> None:
    for name in ("london", "prague", "lyon"):
        samples = part.source(generator("part", scene, name), CITIES[name])
        assert samples.shape == (LENGTH,)
        assert np.isfinite(samples).all()
        assert rms(samples) > 0


@pytest.mark.parametrize(("decay", "stretch"), [(0.5, 1.0), (1.5, 1.0), (1.5, 0.6)])
def test_rooms_decay_as_fast_as_they_say(decay: float, stretch: float) -> None:
    """Reverberation time of a click by backward integration (Schroeder 1965), from -10 to -40 dB."""
    click = np.zeros(LENGTH)
    click[0] = 1.0
    wet = Room(decay=decay, wet=20).reverberate(click, generator("room"), stretch)[RATE // 50 :]
    left = 10 * np.log10(np.cumsum(wet[::-1] ** 2)[::-1] / np.sum(wet**2) + 1e-12)
    seconds = (np.argmax(left < -40) - np.argmax(left < -10)) / RATE * 2
    assert seconds == pytest.approx(decay * stretch, rel=0.25)


@pytest.mark.parametrize("wet", [-10.0, 0.0, 6.0])
def test_rooms_add_as_much_reverberation_as_they_say(wet: float) -> None:
    dry = noise(generator("dry"), ((100, 0),))
    out = Room(decay=0.6, wet=wet).reverberate(dry, generator("room"), 1.0)
    direct = np.mean(out * dry)
    assert 20 * np.log10(rms(out - direct * dry) / direct) == pytest.approx(wet, abs=1.0)


@pytest.mark.parametrize("scene", sorted(SCENES))
def test_scenes_are_clips_of_a_sane_level(scene: str) -> None:
    clip = compose(scene, "london", "7", "1")
    assert clip.shape == (LENGTH,)
    assert np.abs(clip).max() < 1
    assert abs(20 * np.log10(rms(clip)) - SCENES[scene].loudness) < 10
    assert min(rms(part) for part in clip.reshape(50, -1)) > 0.02 * rms(clip)
    assert not np.array_equal(clip, compose(scene, "london", "7", "2"))


def test_there_are_the_ten_scenes_of_the_data_set() -> None:
    assert tuple(sorted(SCENES)) == LAYOUTS["tau2020"].scenes


def test_cities_sound_different_in_the_same_scene() -> None:
    """Long-term spectra: two places of a city are nearer to each other than to other cities' places."""

    def spectrum(city: str, place: int) -> np.ndarray:
        clips = np.concatenate([compose("public_square", city, str(place), str(segment)) for segment in range(2)])
        _, power = welch(clips, RATE, nperseg=1024)
        bands = [power[low:high].mean() for low, high in ((1, 5), (5, 12), (12, 30), (30, 70), (70, 160), (160, 300))]
        return 10 * np.log10(bands)

    names = ("helsinki", "lisbon", "london", "vienna")
    spectra = {name: [spectrum(name, place) for place in range(2)] for name in names}
    level = {name: [curve - curve.mean() for curve in curves] for name, curves in spectra.items()}
    own = [np.abs(curves[0] - curves[1]).mean() for curves in level.values()]
    others = [np.abs(level[a][0] - level[b][1]).mean() for a in names for b in names if a != b]
    assert np.mean(own) < 0.75 * np.mean(others)


def test_another_process_composes_the_same_bits() -> None:
    code = (
        "import hashlib; from data_prep.synthesis.scenes import compose;"
        "print(hashlib.sha256(b''.join(compose(s, 'milan', '3', '4').tobytes() for s in ('tram', 'park'))).hexdigest())"
    )
    environment = os.environ | {"PYTHONHASHSEED": "5", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    there = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True)
    here = hashlib.sha256(b"".join(compose(scene, "milan", "3", "4").tobytes() for scene in ("tram", "park")))
    assert there.stdout.decode().strip() == here.hexdigest()
