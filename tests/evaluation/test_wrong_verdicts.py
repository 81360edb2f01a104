"""How often verdicts are wrong, how often intervals cover, and what they can show: on simulated runs of known effects.

The sizes are those of the TAU 2020 Mobile test side: 30 (city, scene) pairs, nine devices of which eight are unseen,
five locations in each pair, accuracies that differ by seed (deviation 1.5 points), by pair, by location (10 points), by
pair and recipe (4 points), by seed and pair, by seed and device, and by chance clip by clip.
"""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from pandas import MultiIndex

from evaluation.bootstrap import Bootstrap, interval
from evaluation.sums import Sums
from evaluation.verdicts import holm

PAIRS, LOCATIONS, DEVICES, CLIPS = 30, 5, 9, 3  # clips of a location on a device
SEED_SD, DEVICE_SD, MIXED_SD, RECIPE_SD, LOCATION_SD = 0.015, 0.015, 0.03, 0.04, 0.10
MEAN = 0.65
GROUPS = MultiIndex.from_tuples([("part", "unseen"), *(("device", str(n)) for n in range(DEVICES))])
BOOTSTRAP = Bootstrap(replicates=300)
Record = Callable[[str, object], None]


def places(generator: np.random.Generator, pair_sd: float) -> NDArray[np.float64]:
    """Draw the effects of (city, scene) pairs and of their locations, (pair, location)."""
    pairs = generator.normal(0, pair_sd, (PAIRS, 1))
    return np.asarray(pairs + generator.normal(0, LOCATION_SD, (PAIRS, LOCATIONS)))


def arm(generator: np.random.Generator, seeds: int, held_out: NDArray[np.float64], gain: float = 0.0) -> Sums:
    """Simulate the runs of one recipe; `held_out` are the effects of places, (pair, location), which recipes share."""
    share = MEAN + gain + held_out[:, :, None] + generator.normal(0, SEED_SD, (seeds, 1, 1, 1))
    share = share + generator.normal(0, DEVICE_SD, (seeds, 1, 1, DEVICES))
    share = share + generator.normal(0, MIXED_SD, (seeds, PAIRS, 1, 1))
    right = generator.binomial(CLIPS, np.clip(share, 0, 1)).sum(axis=2).astype(float)
    pooled = np.concatenate([right[..., 1:].sum(axis=-1, keepdims=True), right], axis=-1)
    heard = float(CLIPS * LOCATIONS)
    clips = np.concatenate([np.full((PAIRS, 1), heard * (DEVICES - 1)), np.full((PAIRS, DEVICES), heard)], axis=-1)
    return Sums(measured=pooled[:, :, None], clips=clips[:, None], groups=GROUPS, units=tuple(range(PAIRS)))


def recipes(generator: np.random.Generator, seeds: int, pair_sd: float, gain: float = 0.0) -> list[Sums]:
    """Simulate two recipes on the same places, the second better by `gain`."""
    shared = places(generator, pair_sd)
    own = generator.normal(0, RECIPE_SD, (2, PAIRS, 1)) if gain else np.zeros((2, PAIRS, 1))
    return [arm(generator, seeds, shared + own[0]), arm(generator, seeds, shared + own[1], gain)]


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("pair_sd", [0.0, 0.10, 0.19])
def test_identical_recipes_are_told_apart_in_at_most_6_percent(
    seeds: int, pair_sd: float, record_property: Record
) -> None:
    generator, trials = np.random.default_rng(seeds), 1000
    pooled = family = 0
    for _ in range(trials):
        p = interval(recipes(generator, seeds, pair_sd), BOOTSTRAP).p.to_numpy()
        pooled += p[0] < 0.05
        family += (holm(p[1:]) < 0.05).any()
    record_property("wrong, pooled and family of devices", (pooled / trials, family / trials))
    assert pooled / trials <= 0.06
    assert family / trials <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("pair_sd", [0.0, 0.10, 0.19])
def test_intervals_cover_the_truth_in_at_least_93_percent(seeds: int, pair_sd: float, record_property: Record) -> None:
    generator, trials = np.random.default_rng(10 + seeds), 1000
    covered = 0
    for _ in range(trials):
        row = interval([arm(generator, seeds, places(generator, pair_sd))], BOOTSTRAP, share=True).iloc[0]
        covered += row.low <= _truth(pair_sd) <= row.high
    record_property("covered", covered / trials)
    assert covered / trials >= 0.93


def _truth(pair_sd: float) -> float:
    """Mean share over all pairs, seeds and devices, with the shares cut off at 0 and 1."""
    generator = np.random.default_rng(0)
    deviation = np.sqrt(pair_sd**2 + LOCATION_SD**2 + SEED_SD**2 + DEVICE_SD**2 + MIXED_SD**2)
    return float(np.clip(generator.normal(MEAN, deviation, 400_000), 0, 1).mean())


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "least"), [(3, 0.3), (5, 0.6)])
def test_four_points_are_found_as_often_as_stated(seeds: int, least: float, record_property: Record) -> None:
    generator, trials = np.random.default_rng(20 + seeds), 500
    found = sum(interval(recipes(generator, seeds, 0.10, gain=0.04), BOOTSTRAP).p.iloc[0] < 0.05 for _ in range(trials))
    record_property("found", found / trials)
    assert found / trials >= least
