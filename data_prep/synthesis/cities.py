"""Parameters by which the sounds of ten cities differ in every scene."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class City:
    """Sound parameters of a city, or of one place in it.

    Parameters
    ----------
    vehicle
        Factor on the pitch of engines, motors and warning tones.
    decay
        Factor on the reverberation times.
    bed
        Gain of the background noise in dB, relative to the scene's level.
    tilt
        Slope of the background spectrum in dB per octave.
    hum
        Pitch of the hum of machines in Hz.
    bird
        Birdsong: lowest note in Hz, range in octaves, notes per second.
    chime
        Notes before an announcement in Hz.
    voice
        Factor on the pitch of voices.
    tempo
        Syllables per second; there are half as many steps.
    wet
        Level of rain and spray in dB; None for a dry city.
    """

    vehicle: float
    decay: float
    bed: float
    tilt: float
    hum: float
    bird: tuple[float, float, float]
    chime: tuple[float, ...]
    voice: float
    tempo: float
    wet: float | None


# fmt: off
CITIES = {
    #                 vehicle decay bed   tilt  hum  bird             chime                  voice tempo wet
    "barcelona": City(  1.12,  0.8,   1,   0.75,  100, (3400, 0.4, 9),  (660, 880),            1.05,  5.6, None),
    "helsinki":  City(  0.82,  1.2,  -5,  -1.50,  148, (4600, 0.3, 5),  (587, 740),            0.92,  4.0, None),
    "lisbon":    City(  1.30,  1.4,   0,   1.50,   94, (2400, 0.9, 7),  (784, 659, 523),       1.00,  5.0, None),
    "london":    City(  0.95,  0.9,   4,  -0.75,  121, (2900, 0.6, 4),  (523, 659, 784),       0.97,  4.5, -9),
    "lyon":      City(  1.05,  0.7,  -2,   0.00,  112, (5200, 0.5, 11), (880, 1175),           1.10,  4.8, None),
    "milan":     City(  1.20,  1.1,   2,   1.20,   87, (3800, 0.8, 6),  (440, 554, 659),       1.08,  5.4, None),
    "paris":     City(  0.88,  1.3,   3,   0.30,  133, (3100, 0.5, 8),  (494, 622, 740, 932),  1.13,  5.0, None),
    "prague":    City(  0.76,  1.5,  -3,  -1.20,  104, (2700, 0.3, 10), (392, 523),            0.95,  4.2, None),
    "stockholm": City(  1.00,  0.6,  -6,  -0.30,  156, (5800, 0.4, 6),  (698, 880),            1.02,  3.8, -13),
    "vienna":    City(  0.92,  1.0,  -1,  -1.80,  140, (4200, 0.7, 3),  (622, 466),            0.90,  4.4, None),
}
# fmt: on


def vary(city: City, rng: np.random.Generator, amount: float) -> City:
    """Return `city` with randomly varied parameters; `amount` scales the standard deviations."""
    return replace(
        city,
        vehicle=city.vehicle * rng.lognormal(0, 0.06 * amount),
        decay=city.decay * rng.lognormal(0, 0.2 * amount),
        bed=city.bed + rng.normal(0, 2 * amount),
        tilt=city.tilt + rng.normal(0, 0.5 * amount),
        voice=city.voice * rng.lognormal(0, 0.04 * amount),
        tempo=city.tempo * rng.lognormal(0, 0.06 * amount),
    )
