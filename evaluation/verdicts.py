"""Verdicts on differences: corrected for the number of comparisons (Holm 1979), and none from a single seed.

The question of a study is what happens on unseen devices, so that row stands by itself. The other groups of devices are
one family of comparisons, and the single devices another: within a family the chance of any wrong verdict is at most
one in twenty.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series
from scipy import stats

from evaluation.accuracy import UNSEEN

LEVEL = 0.05
UNDECIDED = ""


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p-values adjusted for their number (Holm 1979); NaN stays NaN and does not count.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known])]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1) if len(order) else steps
    return adjusted


def verdict(estimate: float, p: float) -> str:
    """Return `higher`, `lower` or `none`; nothing where there is no p-value."""
    if np.isnan(p):
        return UNDECIDED
    return "none" if p >= LEVEL else "higher" if estimate > 0 else "lower"


def judged(table: DataFrame, family: "Series[str]") -> DataFrame:
    """Add `p_holm`, adjusted within each family, and `verdict` to a table with `estimate` and `p`."""
    adjusted = table.groupby(family.to_numpy())["p"].transform(lambda p: holm(p.to_numpy()))
    verdicts = [verdict(*row) for row in zip(table["estimate"], adjusted, strict=True)]
    return table.assign(p_holm=adjusted, verdict=verdicts)


def device_family(index: tuple[str, str]) -> str:
    """Return the family of a group of devices: unseen devices, the other groups, or single devices."""
    return "unseen" if index == UNSEEN else "devices" if index[0] == "device" else "groups"


def least_difference(seeds: Sequence[int]) -> str:
    """Say which differences a number of seeds can show, in multiples of the deviation between seeds.

    The half-width of the 95 % interval of a difference of two means of n seeds each, t(2n - 2) sqrt(2 / n), where the
    recordings add nothing: a lower bound.
    """
    shown = [f"{stats.t.ppf(1 - LEVEL / 2, 2 * n - 2) * np.sqrt(2 / n):.1f} with {n} seeds" for n in seeds]
    return ", ".join(shown)
