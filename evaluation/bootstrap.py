"""Confidence intervals over training seeds and held-out recordings, by a hierarchical bootstrap.

A test result depends on the choice of the training seeds and of the test recordings. Both are resampled with
replacement: the seeds of each configuration, and the held-out units together with all of their clips (cluster
bootstrap, Field and Welsh 2007). Both configurations of a difference are resampled with the same units. Seeds and units
are crossed, so each is resampled on its own and the two variances are added, which makes intervals slightly too wide
(pigeonhole bootstrap, Owen 2007). A bootstrap over few seeds makes them too narrow: the variance over n seeds or units
is therefore multiplied by n / (n - 1), and the interval uses the quantile of Student's t with the degrees of freedom of
Satterthwaite (1946), as Welch's test does.
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
from evaluation.sums import Sums, ratio

_CELLS = 4_000_000  # draws held as float64 at a time


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """Settings of the bootstrap.

    Parameters
    ----------
    replicates
        Number of bootstrap replicates of seeds and of units.
    level
        Coverage of the interval, between 0 and 1.
    seed
        Seed of the random draws.

    Raises
    ------
    ConfigError
        If there are fewer than 100 replicates, or the level is out of range.
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
        Sums of one configuration; or of two with the same units and groups, of which the first is subtracted from the
        second.
    bootstrap
        Settings of the bootstrap.
    share
        Whether the measure is a share of clips. Then the interval is clipped to 0 and 1, and where nothing varies (all
        clips right, or all wrong) it is that of Clopper and Pearson with units as trials.

    Returns
    -------
    DataFrame
        group x (estimate, low, high, error, freedom, p, units): estimate and ends of the interval, standard error, its
        degrees of freedom, the two-sided p-value of the hypothesis that the estimate is zero, and the number of units
        with clips. NaN in place of the interval for a group with fewer than two units, and for a difference in which a
        configuration has a single seed or nothing varies. The interval of one configuration with one seed is over
        units only and has no p-value.

    Raises
    ------
    DataError
        If the two arms have different units or groups.

    Examples
    --------
    Numbers of clips classified right, of 10 clips at each of four locations, with two seeds.

    >>> import pandas as pd
    >>> right = np.array([[7.0, 5.0, 8.0, 6.0], [6.0, 5.0, 9.0, 6.0]])[:, :, None, None]
    >>> clips = np.full((4, 1, 1), 10.0)
    >>> sums = Sums(measured=right, clips=clips, groups=pd.Index(["all"]), units=("1", "2", "3", "4"))
    >>> interval([sums], Bootstrap(), share=True)[["estimate", "low", "high", "units"]].round(2)
         estimate   low  high  units
    all      0.65  0.42  0.88      4
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
    """Return the exact interval of a binomial share (Clopper and Pearson 1934).

    Parameters
    ----------
    right, trials
        Numbers of successes and of trials, in one shape.
    level
        Coverage, between 0 and 1.

    Returns
    -------
    tuple
        Lower and upper ends, in the same shape.

    Examples
    --------
    >>> low, high = clopper_pearson(np.array([0.0, 5.0]), np.array([10, 10]), 0.95)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.187], [0.308, 0.813])
    """
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
    """Return the variance over replicates of the units, which all arms share; (group,)."""
    drawn = []
    for weights in _weights(len(arms[0].units), bootstrap, 0):
        values = [
            sign * ratio(np.tensordot(weights, arm.measured.mean(axis=0), 1), np.tensordot(weights, arm.clips, 1))
            for sign, arm in zip(signs, arms, strict=True)
        ]
        drawn.append(sum(values))
    return _variance(np.concatenate(drawn)) * present / np.maximum(present - 1, 1)


def _seed_variance(arm: Sums, bootstrap: Bootstrap) -> NDArray[np.float64]:
    """Return the variance over replicates of the seeds of one arm; (group,)."""
    values = ratio(arm.measured.sum(axis=1), arm.clips.sum(axis=0))
    drawn = np.concatenate([weights @ values / arm.seeds for weights in _weights(arm.seeds, bootstrap, arm.seeds)])
    return _variance(drawn) * arm.seeds / (arm.seeds - 1)


def _variance(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the variance of each group over the replicates in which it has clips; (replicate, group) -> (group,)."""
    known = ~np.isnan(drawn)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, drawn, 0).sum(axis=0) / count
    variance: NDArray[np.float64] = np.where(known, (drawn - mean) ** 2, 0).sum(axis=0) / count
    return np.where(variance > 1e-18, variance, 0.0)  # equal values vary by rounding alone


def _pooled(
    parts: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the standard error of summed variances and its degrees of freedom (Satterthwaite 1946).

    Parameters
    ----------
    parts
        Pairs of a variance and its degrees of freedom, each (group,).
    """
    variance = sum(part for part, _ in parts)
    spent = sum(np.divide(part**2, freedom, out=np.zeros_like(part), where=freedom > 0) for part, freedom in parts)
    freedom = np.divide(np.square(variance), spent, out=np.ones_like(np.asarray(spent)), where=np.asarray(spent) > 0)
    return np.sqrt(variance), freedom
