"""Confidence intervals that hold training seeds and held-out recordings, by a hierarchical bootstrap.

A test result would have been another with other seeds and with other recordings. Both levels are drawn with
replacement: the seeds of each configuration, and the held-out units with all that was recorded there (Field and Welsh
2007, cluster bootstrap), the same units for both configurations of a difference. Seeds and units are crossed, so each
level is drawn by itself and the variances add up, which errs on the wide side (Owen 2007, pigeonhole bootstrap). Few
seeds make a bootstrap interval too narrow: the variance of n draws is multiplied by n / (n - 1), and the interval takes
the quantile of Student's t with the degrees of freedom of Satterthwaite (1946), as Welch's test does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy import stats

from common.errors import ConfigError, DataError
from evaluation.accuracy import with_roles
from evaluation.sums import Sums, ratio

_CELLS = 4_000_000  # numbers drawn at a time: bounds the memory however many units there are


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """How intervals are drawn.

    Parameters
    ----------
    replicates
        Number of draws of each level.
    level
        Coverage of the interval, between 0 and 1.
    seed
        Seed of the draws.
    """

    replicates: int = 10_000
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if self.replicates < 100:
            raise ConfigError("replicates", self.replicates, "at least 100")
        if not 0 < self.level < 1:
            raise ConfigError("level", self.level, "between 0 and 1")


def interval(arms: Sequence[Sums], bootstrap: Bootstrap, *, share: bool = False) -> DataFrame:
    """Estimate a measure of one configuration, or the difference of two, with its confidence interval.

    Parameters
    ----------
    arms
        Sums of one configuration; or of two, of which the first is subtracted from the second. Both have the same units
        and groups.
    bootstrap
        How to draw.
    share
        The measure is a share of clips: the interval stays between 0 and 1, and is Clopper and Pearson's with units as
        trials where nothing varies (all clips right, or all wrong).

    Returns
    -------
    DataFrame
        group x (estimate, low, high, error, freedom, p, units): the standard error, its degrees of freedom, and the
        two-sided p-value of the estimate being zero. A group heard at fewer than two units has no interval, nor has a
        difference in which a configuration has a single seed, or in which nothing varies. The interval of a single
        configuration with one seed holds the choice of units only; it has no p-value.

    Raises
    ------
    DataError
        If the two arms have other units or groups.
    """
    first = arms[0]
    if any(arm.units != first.units or not arm.groups.equals(first.groups) for arm in arms):
        raise DataError("two configurations can be compared on the same test clips only")
    signs = (1.0,) if len(arms) == 1 else (-1.0, 1.0)
    present = (first.clips.sum(axis=1) > 0).sum(axis=0)
    estimate = sum(
        sign * ratio(arm.measured.mean(axis=0).sum(axis=0), arm.clips.sum(axis=0))
        for sign, arm in zip(signs, arms, strict=True)
    )
    parts = [(_unit_variance(arms, signs, present, bootstrap), np.maximum(present - 1.0, 0))]
    parts += [(_seed_variance(arm, bootstrap), np.array(arm.seeds - 1.0)) for arm in arms if arm.seeds > 1]
    error, freedom = _pooled(parts)
    several = all(arm.seeds > 1 for arm in arms)
    known = (present > 1) & (several or len(arms) == 1)
    error = np.where(known, error, np.nan)
    return _table(first, np.asarray(estimate), error, freedom, present, bootstrap, share=share, seeds=several)


def _table(
    arm: Sums,
    estimate: NDArray[np.float64],
    error: NDArray[np.float64],
    freedom: NDArray[np.float64],
    units: NDArray[np.int64],
    bootstrap: Bootstrap,
    *,
    share: bool,
    seeds: bool,
) -> DataFrame:
    varies = error > 0
    error = np.where(varies | np.isnan(error), error, np.nan if not share else 0.0)
    margin = stats.t.ppf((1 + bootstrap.level) / 2, np.where(varies, freedom, 1)) * error
    low, high = estimate - margin, estimate + margin
    if share:
        low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
        fixed = error == 0
        low[fixed], high[fixed] = clopper_pearson(estimate[fixed] * units[fixed], units[fixed], bootstrap.level)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(varies & seeds, 2 * stats.t.sf(np.abs(estimate) / error, freedom), np.nan)
    columns = {
        "estimate": estimate,
        "low": low,
        "high": high,
        "error": error,
        "freedom": freedom,
        "p": p,
        "units": units,
    }
    return DataFrame(columns, index=arm.groups)


def clopper_pearson(
    right: NDArray[np.float64], trials: NDArray[np.int64], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the exact interval of a binomial share (Clopper and Pearson 1934)."""
    tail = (1 - level) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(right > 0, stats.beta.ppf(tail, right, trials - right + 1), 0.0)
        high = np.where(right < trials, stats.beta.ppf(1 - tail, right + 1, trials - right), 1.0)
    return low, high


@lru_cache(maxsize=4)
def _draws(count: int, bootstrap: Bootstrap, level: int) -> NDArray[np.unsignedinteger[Any]]:
    """Draw `count` members with replacement; return how often each is in each replicate, (replicate, member).

    All intervals of a report are over the same few numbers of units and of seeds, so the draws are kept.
    """
    generator = np.random.default_rng((bootstrap.seed, level))
    drawn = np.empty((bootstrap.replicates, count), dtype=np.min_scalar_type(count))
    for block in _blocks(count, bootstrap):
        drawn[block] = generator.multinomial(count, np.full(count, 1 / count), size=len(drawn[block]))
    return drawn


def _blocks(count: int, bootstrap: Bootstrap) -> Iterator[slice]:
    """Divide the replicates into blocks, so that no array of floats has more than `_CELLS` draws of `count` members."""
    step = max(1, _CELLS // count)
    return (slice(start, start + step) for start in range(0, bootstrap.replicates, step))


def _weights(count: int, bootstrap: Bootstrap, level: int) -> Iterator[NDArray[np.float64]]:
    """Yield the draws of `count` members as weights, (replicate, member), a block of replicates at a time."""
    drawn = _draws(count, bootstrap, level)
    return (drawn[block].astype(np.float64) for block in _blocks(count, bootstrap))


def _unit_variance(
    arms: Sequence[Sums], signs: Sequence[float], present: NDArray[np.int64], bootstrap: Bootstrap
) -> NDArray[np.float64]:
    """Variance over draws of the units, the same for all arms; (group,)."""
    drawn = []
    for weights in _weights(len(arms[0].units), bootstrap, 0):
        values = [
            sign * ratio(np.tensordot(weights, arm.measured.mean(axis=0), 1), np.tensordot(weights, arm.clips, 1))
            for sign, arm in zip(signs, arms, strict=True)
        ]
        drawn.append(sum(values))
    return _variance(np.concatenate(drawn)) * present / np.maximum(present - 1, 1)


def _seed_variance(arm: Sums, bootstrap: Bootstrap) -> NDArray[np.float64]:
    """Variance over draws of one arm's seeds; (group,)."""
    values = ratio(arm.measured.sum(axis=1), arm.clips.sum(axis=0))
    drawn = np.concatenate([weights @ values / arm.seeds for weights in _weights(arm.seeds, bootstrap, arm.seeds)])
    return _variance(drawn) * arm.seeds / (arm.seeds - 1)


def _variance(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance of each column over the replicates in which its group has clips."""
    known = ~np.isnan(drawn)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, drawn, 0).sum(axis=0) / count
    variance: NDArray[np.float64] = np.where(known, (drawn - mean) ** 2, 0).sum(axis=0) / count
    return np.where(variance > 1e-18, variance, 0.0)  # rounding of equal values is no variance


def _pooled(
    parts: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Add up variances; return the standard error and its degrees of freedom (Satterthwaite 1946)."""
    variance = sum(part for part, _ in parts)
    spent = sum(np.divide(part**2, freedom, out=np.zeros_like(part), where=freedom > 0) for part, freedom in parts)
    freedom = np.divide(np.square(variance), spent, out=np.ones_like(np.asarray(spent)), where=np.asarray(spent) > 0)
    return np.sqrt(variance), freedom


def accuracy_interval(scored: DataFrame, unit: list[str], bootstrap: Bootstrap, *, macro: bool = False) -> DataFrame:
    """Return the accuracy of every group of devices with its interval.

    Parameters
    ----------
    scored
        One row per seed and test clip.
    unit
        Columns that name the held-out unit of a clip.
    bootstrap
        How to draw.
    macro
        Average over the scenes instead of over the clips.
    """
    sums = Sums.of(scored, unit)
    return interval([sums if macro else sums.over_scenes()], bootstrap, share=True)


def difference(first: DataFrame, second: DataFrame, unit: list[str], bootstrap: Bootstrap) -> DataFrame:
    """Return the accuracy of the second configuration less that of the first, on the same clips of every group.

    The groups are those of the first configuration: if the second was trained on other devices, `unseen` are still the
    devices that the first was not trained on.

    Raises
    ------
    DataError
        If the two were not tested on the same clips.
    """
    if set(first["clip"]) != set(second["clip"]):
        raise DataError("two configurations can be compared on the same test clips only; these were tested on others")
    arms = [Sums.of(rows, unit).over_scenes() for rows in (first, with_roles(second, first))]
    return interval(arms, bootstrap)


def loss_on_unseen(scored: DataFrame, unit: list[str], bootstrap: Bootstrap) -> DataFrame:
    """Return the accuracy on unseen devices less that on seen ones, on the recordings that both made.

    Parameters
    ----------
    scored
        One row per seed and test clip.
    unit
        Columns that name the held-out unit of a clip.
    bootstrap
        How to draw.

    Returns
    -------
    DataFrame
        As `interval`; NaN for seen devices, and for devices none of whose recordings a seen device made too.
    """
    same = ["seed", "recording"]
    heard = scored[scored.seen].groupby(same)["correct"].mean().rename("heard")
    paired = scored.join(heard, on=same)
    counts = ~paired.seen & paired.heard.notna()
    paired = paired.assign(change=(paired.correct - paired.heard).where(counts, 0.0), paired=counts.astype(float))
    return interval([Sums.of(paired, unit, "change", "paired").over_scenes()], bootstrap)
