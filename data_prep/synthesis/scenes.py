"""Ten scenes: mixtures of sources and background noise in a room."""

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
class MixedSource:
    """A source in a mixture.

    Parameters
    ----------
    source
        Function that synthesises the source.
    level
        RMS level in dB relative to the background noise.
    chance
        Probability that the source is present in a clip.
    """

    source: Source
    level: float
    chance: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A scene: level in dB of full scale, room, background spectrum, sources, and whether it is outdoors."""

    loudness: float
    room: Room
    bed: Curve
    parts: tuple[MixedSource, ...]
    outdoors: bool = False


_AIR: Curve = ((60, 0), (150, -3), (500, -10), (2000, -20), (8000, -36))
_STREET: Curve = ((40, 0), (100, -2), (400, -10), (1200, -13), (4000, -27), (10000, -42))
_CABIN: Curve = ((40, 0), (90, -2), (250, -10), (800, -20), (3000, -33), (9000, -50))
_TUNNEL: Curve = ((40, -4), (120, 0), (400, -3), (1000, -10), (3000, -24), (9000, -44))
_LEAVES: Curve = ((60, 0), (300, -11), (1500, -18), (5000, -19), (11000, -31))

# Standard deviations of levels in dB: shared by a scene in a city, by a place, and of each clip.
_OF_CITY, _OF_PLACE, _OF_CLIP = 4.5, 1.5, 2.5

SCENES = {
    "airport": Scene(
        loudness=-30,
        room=Room(decay=2.2, wet=3, gap=0.03),
        bed=_AIR,
        parts=(
            MixedSource(machines.hum, -10),
            MixedSource(partial(life.babble, voices=6), -5),
            MixedSource(life.luggage, -2, 0.95),
            MixedSource(life.announcement, -3, 0.6),
            MixedSource(partial(life.footsteps, walkers=2, floor=life.MARBLE, decay=0.1), -10),
        ),
    ),
    "bus": Scene(
        loudness=-25,
        room=Room(decay=0.15, wet=-4),
        bed=_CABIN,
        parts=(
            MixedSource(partial(machines.engine, pitch=42), -2),
            MixedSource(partial(life.babble, voices=3), -9, 0.8),
            MixedSource(partial(machines.warning, pitch=1250), -16, 0.3),
            MixedSource(partial(machines.passing, count=1, width=0.5), -10, 0.5),
        ),
    ),
    "metro": Scene(
        loudness=-24,
        room=Room(decay=0.5, wet=0),
        bed=_TUNNEL,
        parts=(
            MixedSource(partial(machines.motor, whine=330), -6),
            MixedSource(partial(machines.clacks, every=0.75), -4, 0.9),
            MixedSource(machines.squeal, -14, 0.35),
            MixedSource(partial(life.babble, voices=3), -12, 0.7),
            MixedSource(life.announcement, -8, 0.3),
        ),
    ),
    "metro_station": Scene(
        loudness=-28,
        room=Room(decay=1.8, wet=4, gap=0.015),
        bed=_AIR,
        parts=(
            MixedSource(machines.hum, -8),
            MixedSource(partial(life.babble, voices=5), -5),
            MixedSource(partial(life.footsteps, walkers=4, floor=life.MARBLE, decay=0.07), -5),
            MixedSource(partial(machines.bed, curve=_TUNNEL, wander=5.0), 3, 0.95),
            MixedSource(partial(machines.motor, whine=330), -4, 0.95),
            MixedSource(partial(machines.warning, pitch=1500), -10, 0.5),
            MixedSource(life.announcement, -4, 0.35),
        ),
    ),
    "park": Scene(
        loudness=-38,
        room=Room(decay=0.6, wet=-14, gap=0.06),
        bed=_LEAVES,
        outdoors=True,
        parts=(
            MixedSource(partial(life.birds, singers=3), -9, 0.8),
            MixedSource(partial(life.footsteps, walkers=1, floor=life.GRAVEL, decay=0.12), -7, 0.7),
            MixedSource(partial(life.babble, voices=2), -10, 0.5),
            MixedSource(partial(machines.bed, curve=_STREET), 0),
        ),
    ),
    "public_square": Scene(
        loudness=-32,
        room=Room(decay=1.2, wet=-5, gap=0.09),
        bed=_STREET,
        outdoors=True,
        parts=(
            MixedSource(partial(life.babble, voices=6), -4),
            MixedSource(partial(life.birds, singers=1), -11, 0.6),
            MixedSource(partial(life.water, drops=30), -9, 0.5),
            MixedSource(partial(machines.bed, curve=_LEAVES), -5, 0.5),
            MixedSource(partial(machines.bell, pitch=420, every=2.2, decay=3.0), -12, 0.3),
            MixedSource(partial(life.footsteps, walkers=2, floor=life.PAVEMENT, decay=0.05), -9),
        ),
    ),
    "shopping_mall": Scene(
        loudness=-30,
        room=Room(decay=1.0, wet=0, gap=0.02),
        bed=_AIR,
        parts=(
            MixedSource(life.music, -4, 0.85),
            MixedSource(partial(life.babble, voices=7), -2),
            MixedSource(partial(life.dishes, per_second=2.0), -16, 0.7),
            MixedSource(partial(life.footsteps, walkers=4, floor=life.MARBLE, decay=0.06), -7),
        ),
    ),
    "street_pedestrian": Scene(
        loudness=-30,
        room=Room(decay=0.7, wet=-4, gap=0.02),
        bed=_STREET,
        outdoors=True,
        parts=(
            MixedSource(partial(life.footsteps, walkers=5, floor=life.PAVEMENT, decay=0.05), -2),
            MixedSource(partial(life.babble, voices=4, spread=7.0), -2),
            MixedSource(partial(life.dishes, per_second=1.0), -18, 0.4),
            MixedSource(partial(machines.passing, count=1, width=1.5), -5, 0.5),
        ),
    ),
    "street_traffic": Scene(
        loudness=-24,
        room=Room(decay=0.6, wet=-8, gap=0.03),
        bed=_STREET,
        outdoors=True,
        parts=(
            MixedSource(partial(machines.passing, count=3, width=0.8), 0),
            MixedSource(partial(machines.engine, pitch=30, low=0.8, high=1.1), -6, 0.5),
            MixedSource(partial(life.footsteps, walkers=1, floor=life.PAVEMENT, decay=0.05), -12, 0.5),
        ),
    ),
    "tram": Scene(
        loudness=-27,
        room=Room(decay=0.25, wet=-3),
        bed=_CABIN,
        parts=(
            MixedSource(partial(machines.motor, whine=520), -8),
            MixedSource(partial(machines.clacks, every=1.1, decay=0.08), -5, 0.7),
            MixedSource(machines.squeal, -9, 0.5),
            MixedSource(partial(machines.bell, pitch=1150, every=0.45, decay=0.5), -14, 0.3),
            MixedSource(partial(life.babble, voices=3), -8, 0.8),
        ),
    ),
}


def compose(scene: str, city: str, location: str, segment: str) -> Samples:
    """Return one clip as recorded by a reference microphone.

    Parameters
    ----------
    scene, city
        Names in `SCENES` and `CITIES`; together they seed the character of the scene in this city.
    location, segment
        Identifiers that seed the variation of the place and of the clip.

    Returns
    -------
    Samples
        Shape (LENGTH,), 44.1 kHz, full scale 1; peaks may exceed it.
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
