"""Verdicts on differences, corrected for the number of comparisons (Holm 1979).

A study asks for the accuracy on unseen devices, so that comparison forms a family alone. The other groups of devices
form a second family, single devices a third. Within a family the probability of any false verdict is at most 5 %.
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
    """Return p-values adjusted for their number (Holm 1979).

    Parameters
    ----------
    p
        p-values, (comparison,). NaN stays NaN and does not count as a comparison.

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
    """Return `higher`, `lower` or `none` for an adjusted p-value; an empty string if it is NaN.

    Examples
    --------
    >>> verdict(0.03, 0.01), verdict(-0.03, 0.01), verdict(0.03, 0.2)
    ('higher', 'lower', 'none')
    """
    if np.isnan(p):
        return UNDECIDED
    return "none" if p >= LEVEL else "higher" if estimate > 0 else "lower"


def judged(table: DataFrame, family: "Series[str]") -> DataFrame:
    """Add the columns `p_holm` and `verdict` to a table of differences.

    Parameters
    ----------
    table
        One row per comparison, with the columns `estimate` and `p`.
    family
        Name of the family of every row, within which p-values are adjusted.

    Examples
    --------
    >>> table = DataFrame({"estimate": [0.05, 0.02, -0.04], "p": [0.001, 0.2, 0.03]})
    >>> judged(table, Series(["unseen", "devices", "devices"]))
       estimate      p  p_holm verdict
    0      0.05  0.001   0.001  higher
    1      0.02  0.200   0.200    none
    2     -0.04  0.030   0.060    none
    """
    adjusted = table.groupby(family.to_numpy())["p"].transform(lambda p: holm(p.to_numpy()))
    verdicts = [verdict(*row) for row in zip(table["estimate"], adjusted, strict=True)]
    return table.assign(p_holm=adjusted, verdict=verdicts)


def device_family(index: tuple[str, str]) -> str:
    """Return the family of comparisons of a group of devices, given its (level, name).

    Examples
    --------
    >>> device_family(("part", "unseen")), device_family(("group", "real unseen")), device_family(("device", "s1"))
    ('unseen', 'groups', 'devices')
    """
    return "unseen" if index == UNSEEN else "devices" if index[0] == "device" else "groups"


def least_difference(seeds: Sequence[int]) -> str:
    """Return the smallest detectable difference by number of seeds, in words.

    It is the half-width of the 95 % interval of a difference of two means of n seeds each, t(2n - 2) sqrt(2 / n), in
    multiples of the standard deviation over seeds. It is a lower bound: variation over recordings is not included.

    Examples
    --------
    >>> least_difference((3, 5))
    '2.3 with 3 seeds, 1.5 with 5 seeds'
    """
    shown = [f"{stats.t.ppf(1 - LEVEL / 2, 2 * n - 2) * np.sqrt(2 / n):.1f} with {n} seeds" for n in seeds]
    return ", ".join(shown)
