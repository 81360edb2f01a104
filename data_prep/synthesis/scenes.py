"""Ten scenes, each a mixture of sources in a room, over a bed of noise."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from data_prep.synthesis import life, machines
from data_prep.synthesis.cities import CITIES, City, vary
from data_prep.synthesis.rooms import Room
from data_prep.synthesis.signals import Curve, Samples, generator, unit

Source = Callable[[np.random.Generator, City], Samples]


@dataclass(frozen=True)
class Part:
    """A source in a mixture.

    Parameters
    ----------
    source
        What sounds.
    level
        RMS in dB relative to the scene's bed.
    chance
        How often it is there at all.
    """

    source: Source
    level: float
    chance: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A kind of place: its room, its bed of noise, what sounds in it, how loud it is (dB of full scale)."""

    loudness: float
    room: Room
    bed: Curve
    parts: tuple[Part, ...]
    outdoors: bool = False


_AIR: Curve = ((60, 0), (150, -3), (500, -10), (2000, -20), (8000, -36))
_STREET: Curve = ((40, 0), (100, -2), (400, -10), (1200, -13), (4000, -27), (10000, -42))
_CABIN: Curve = ((40, 0), (90, -2), (250, -10), (800, -20), (3000, -33), (9000, -50))
_TUNNEL: Curve = ((40, -4), (120, 0), (400, -3), (1000, -10), (3000, -24), (9000, -44))
_LEAVES: Curve = ((60, 0), (300, -11), (1500, -18), (5000, -19), (11000, -31))

# How far levels are off, dB (1 sigma): all clips of a scene in a city together, of a place, each clip.
_OF_CITY, _OF_PLACE, _OF_CLIP = 4.5, 1.5, 2.5

SCENES = {
    "airport": Scene(
        loudness=-30,
        room=Room(decay=2.2, wet=3, gap=0.03),
        bed=_AIR,
        parts=(
            Part(machines.hum, -10),
            Part(partial(life.babble, voices=6), -5),
            Part(life.luggage, -2, 0.95),
            Part(life.announcement, -3, 0.6),
            Part(partial(life.footsteps, walkers=2, floor=life.MARBLE, decay=0.1), -10),
        ),
    ),
    "bus": Scene(
        loudness=-25,
        room=Room(decay=0.15, wet=-4),
        bed=_CABIN,
        parts=(
            Part(partial(machines.engine, pitch=42), -2),
            Part(partial(life.babble, voices=3), -9, 0.8),
            Part(partial(machines.warning, pitch=1250), -16, 0.3),
            Part(partial(machines.passing, count=1, width=0.5), -10, 0.5),
        ),
    ),
    "metro": Scene(
        loudness=-24,
        room=Room(decay=0.5, wet=0),
        bed=_TUNNEL,
        parts=(
            Part(partial(machines.motor, whine=330), -6),
            Part(partial(machines.clacks, every=0.75), -4, 0.9),
            Part(machines.squeal, -14, 0.35),
            Part(partial(life.babble, voices=3), -12, 0.7),
            Part(life.announcement, -8, 0.3),
        ),
    ),
    "metro_station": Scene(
        loudness=-28,
        room=Room(decay=1.8, wet=4, gap=0.015),
        bed=_AIR,
        parts=(
            Part(machines.hum, -8),
            Part(partial(life.babble, voices=5), -5),
            Part(partial(life.footsteps, walkers=4, floor=life.MARBLE, decay=0.07), -5),
            Part(partial(machines.bed, curve=_TUNNEL, wander=5.0), 3, 0.95),
            Part(partial(machines.motor, whine=330), -4, 0.95),
            Part(partial(machines.warning, pitch=1500), -10, 0.5),
            Part(life.announcement, -4, 0.35),
        ),
    ),
    "park": Scene(
        loudness=-38,
        room=Room(decay=0.6, wet=-14, gap=0.06),
        bed=_LEAVES,
        outdoors=True,
        parts=(
            Part(partial(life.birds, singers=3), -9, 0.8),
            Part(partial(life.footsteps, walkers=1, floor=life.GRAVEL, decay=0.12), -7, 0.7),
            Part(partial(life.babble, voices=2), -10, 0.5),
            Part(partial(machines.bed, curve=_STREET), 0),
        ),
    ),
    "public_square": Scene(
        loudness=-32,
        room=Room(decay=1.2, wet=-5, gap=0.09),
        bed=_STREET,
        outdoors=True,
        parts=(
            Part(partial(life.babble, voices=6), -4),
            Part(partial(life.birds, singers=1), -11, 0.6),
            Part(partial(life.water, drops=30), -9, 0.5),
            Part(partial(machines.bed, curve=_LEAVES), -5, 0.5),
            Part(partial(machines.bell, pitch=420, every=2.2, decay=3.0), -12, 0.3),
            Part(partial(life.footsteps, walkers=2, floor=life.PAVEMENT, decay=0.05), -9),
        ),
    ),
    "shopping_mall": Scene(
        loudness=-30,
        room=Room(decay=1.0, wet=0, gap=0.02),
        bed=_AIR,
        parts=(
            Part(life.music, -4, 0.85),
            Part(partial(life.babble, voices=7), -2),
            Part(partial(life.dishes, per_second=2.0), -16, 0.7),
            Part(partial(life.footsteps, walkers=4, floor=life.MARBLE, decay=0.06), -7),
        ),
    ),
    "street_pedestrian": Scene(
        loudness=-30,
        room=Room(decay=0.7, wet=-4, gap=0.02),
        bed=_STREET,
        outdoors=True,
        parts=(
            Part(partial(life.footsteps, walkers=5, floor=life.PAVEMENT, decay=0.05), -2),
            Part(partial(life.babble, voices=4, spread=7.0), -2),
            Part(partial(life.dishes, per_second=1.0), -18, 0.4),
            Part(partial(machines.passing, count=1, width=1.5), -5, 0.5),
        ),
    ),
    "street_traffic": Scene(
        loudness=-24,
        room=Room(decay=0.6, wet=-8, gap=0.03),
        bed=_STREET,
        outdoors=True,
        parts=(
            Part(partial(machines.passing, count=3, width=0.8), 0),
            Part(partial(machines.engine, pitch=30, low=0.8, high=1.1), -6, 0.5),
            Part(partial(life.footsteps, walkers=1, floor=life.PAVEMENT, decay=0.05), -12, 0.5),
        ),
    ),
    "tram": Scene(
        loudness=-27,
        room=Room(decay=0.25, wet=-3),
        bed=_CABIN,
        parts=(
            Part(partial(machines.motor, whine=520), -8),
            Part(partial(machines.clacks, every=1.1, decay=0.08), -5, 0.7),
            Part(machines.squeal, -9, 0.5),
            Part(partial(machines.bell, pitch=1150, every=0.45, decay=0.5), -14, 0.3),
            Part(partial(life.babble, voices=3), -8, 0.8),
        ),
    ),
}


def compose(scene: str, city: str, location: str, segment: str) -> Samples:
    """Return one clip as a reference microphone would record it.

    What the scene is like in this city (its trams, its malls) depends on scene and city; what the place is like on the
    location besides; what happens there on the segment too.

    Returns
    -------
    Samples
        Shape (LENGTH,), 44.1 kHz; full scale is 1, which an extreme peak may exceed.
    """
    recipe = SCENES[scene]
    kind, setting = generator("city", scene, city), generator("place", scene, city, location)
    rng = generator("segment", scene, city, location, segment)
    place = vary(vary(CITIES[city], kind, 1.0), setting, 0.4)
    loudness, *levels = (
        _OF_CITY * kind.standard_normal(len(recipe.parts) + 1)
        + _OF_PLACE * setting.standard_normal(len(recipe.parts) + 1)
        + _OF_CLIP * rng.standard_normal(len(recipe.parts) + 1)
    )
    mixture = 10 ** (place.bed / 20) * unit(machines.bed(rng, place, recipe.bed))
    for part, shift in zip(recipe.parts, levels, strict=True):
        if rng.random() < part.chance:
            mixture += 10 ** ((part.level + shift) / 20) * unit(part.source(rng, place))
    if recipe.outdoors and place.wet is not None:
        mixture += 10 ** (place.wet / 20) * unit(life.water(rng, place, drops=60))
    heard = recipe.room.reverberate(mixture, rng, place.decay)
    heard *= 10 ** ((recipe.loudness + 0.5 * loudness) / 20)
    return heard
