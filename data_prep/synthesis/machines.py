"""Sound sources: background noise, hum, engines, motors, rails, traffic, bells, warning tones.

A source is a function of a random generator and a city. It returns samples of shape (LENGTH,) with arbitrary level.
"""

import numpy as np

from data_prep.synthesis.cities import City
from data_prep.synthesis.signals import (
    LENGTH,
    RATE,
    Curve,
    Samples,
    add,
    drift,
    fading,
    noise,
    oscillate,
    table,
    unit,
)

SECONDS = LENGTH / RATE
CLACK: Curve = ((60, -12), (180, 0), (900, -3), (2500, -2), (7000, -20))
TYRES: Curve = ((60, -6), (300, -6), (900, 0), (2000, -8), (9000, -26))
_TIME = np.arange(LENGTH) / RATE


def bed(rng: np.random.Generator, city: City, curve: Curve, wander: float = 1.0) -> Samples:
    """Return background noise with spectrum `curve`, tilted by the city's slope."""
    tilted = [(hertz, level + city.tilt * np.log2(hertz / 1000)) for hertz, level in curve]
    return noise(rng, tilted) * drift(rng, 1.0, wander)


def _harmonics(rng: np.random.Generator, count: int, slope: float, scatter: float = 5.0) -> Samples:
    """Return one period of a tone; harmonics fall by `slope` dB per octave, with random deviations of `scatter` dB."""
    level = -slope * np.log2(np.arange(1, count + 1)) + scatter * rng.standard_normal(count)
    return table(10 ** (level / 20), rng)


def _course(rng: np.random.Generator, low: float, high: float, knots: int) -> Samples:
    """Return a speed that changes smoothly between `low` and `high` over the clip."""
    course: Samples = np.interp(np.linspace(0, knots - 1, LENGTH), np.arange(knots), rng.uniform(low, high, knots))
    return course


def hum(rng: np.random.Generator, city: City) -> Samples:
    """Return the hum of transformers and ventilators at the city's pitch."""
    return oscillate(city.hum * _course(rng, 0.995, 1.005, 4), _harmonics(rng, 12, 5.0))


def engine(rng: np.random.Generator, city: City, pitch: float, low: float = 0.6, high: float = 1.5) -> Samples:
    """Return a combustion engine: pulses at the firing rate, `pitch` Hz at speed 1, and noise modulated by them."""
    speed = _course(rng, low, high, 4)
    # A gear change lowers the pitch.
    change = rng.uniform(0, SECONDS)
    speed *= 1 - 0.3 / (1 + np.exp((change - _TIME) * 12))
    firing = city.vehicle * pitch * speed * drift(rng, 20, 0.1)
    wave = _harmonics(rng, 48, 4.0)
    rough = noise(rng, ((80, 0), (400, -3), (1500, -12), (6000, -30)))
    return oscillate(firing, wave) + rough * (0.5 + 0.4 * np.abs(oscillate(firing, wave)))


def motor(rng: np.random.Generator, city: City, whine: float, low: float = 0.3, high: float = 1.3) -> Samples:
    """Return an electric motor with gears: tones whose pitch and level follow the speed."""
    speed = _course(rng, low, high, 3)
    gears = oscillate(city.vehicle * whine * speed, _harmonics(rng, 8, 7.0))
    inverter = oscillate(city.vehicle * whine * (1.7 + 0.4 * speed), _harmonics(rng, 4, 6.0))
    return speed**1.5 * (gears + 0.4 * inverter)


def clacks(rng: np.random.Generator, city: City, every: float, decay: float = 0.12) -> Samples:
    """Return wheels on rail joints: a pair of impacts about every `every` seconds."""
    out = np.zeros(LENGTH)
    gap = rng.uniform(0.12, 0.2)
    period = every * rng.uniform(0.8, 1.25) / city.vehicle
    blow = noise(rng, CLACK, int(0.25 * RATE)) * fading(0.25, decay)
    for start in np.arange(rng.uniform(-period, 0), SECONDS, period):
        for delay in (0.0, gap):
            add(out, blow * rng.uniform(0.5, 1.2), start + delay + rng.normal(0, 0.004))
    return out


def squeal(rng: np.random.Generator, city: City) -> Samples:
    """Return wheels that scream in a curve or under the brake, for a second or two."""
    pitch = city.vehicle * rng.uniform(1800, 3200) * drift(rng, 8, 0.15)
    swell = np.exp(-(((_TIME - rng.uniform(0.5, 4.5)) / rng.uniform(0.3, 0.9)) ** 2))
    return swell * drift(rng, 15, 3.0) * oscillate(pitch, _harmonics(rng, 5, 9.0, 3.0))


def passing(rng: np.random.Generator, city: City, count: int, width: float, pitch: float = 45.0) -> Samples:
    """Return `count` vehicles that pass by: tyres and an engine each, swelling and fading within `width` seconds."""
    loudness, tones = np.zeros(LENGTH), np.zeros(LENGTH)
    for _ in range(count):
        away = (_TIME - rng.uniform(-0.5, SECONDS + 0.5)) / (width * rng.uniform(0.6, 1.5))
        near = 10 ** (rng.normal(0, 3) / 20) / (1 + away**2)
        doppler = 1 - 0.04 * np.tanh(away)
        firing = city.vehicle * pitch * rng.uniform(0.8, 1.3) * doppler
        tones += near * oscillate(firing, _harmonics(rng, 40, 5.0))
        loudness += near
    return loudness * noise(rng, TYRES) + 0.5 * tones


def bell(rng: np.random.Generator, city: City, pitch: float, every: float, decay: float) -> Samples:
    """Return strokes of a bell every `every` seconds: inharmonic partials, of which higher ones decay faster."""
    out = np.zeros(LENGTH)
    partials = np.array([0.5, 1.0, 1.19, 1.5, 2.0, 2.66, 4.1])
    time = np.arange(int(min(2 * decay, SECONDS) * RATE)) / RATE
    tone = sum(
        np.sin(2 * np.pi * city.vehicle * pitch * partial * time + rng.uniform(0, 6.3))
        * np.exp(-6.9 * time * partial**0.7 / decay)
        for partial in partials
    )
    for start in np.arange(rng.uniform(-every, every), SECONDS, every):
        add(out, tone * rng.uniform(0.7, 1.0), start)
    return out


def warning(rng: np.random.Generator, city: City, pitch: float) -> Samples:
    """Return the warning beeps of closing doors at a random time."""
    out = np.zeros(LENGTH)
    length = rng.uniform(0.08, 0.14)
    time = np.arange(int(length * RATE)) / RATE
    beep = unit(np.sin(2 * np.pi * city.vehicle * pitch * time) + 0.3 * np.sin(6 * np.pi * city.vehicle * pitch * time))
    start = rng.uniform(-0.5, SECONDS - 0.8)
    for index in range(int(rng.integers(4, 9))):
        add(out, beep * np.hanning(len(beep)), start + 1.7 * length * index)
    return out
