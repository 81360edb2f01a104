"""95 % intervals by the bootstrap over locations, for accuracies and for differences on the same recordings.

Clips of one location resemble each other, so clips are not drawn but locations, with everything recorded there
(Field and Welsh 2007, cluster bootstrap). An interval says how much the choice of locations matters; it says nothing
about other training seeds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from common.errors import ConfigError, DataError
from evaluation.accuracy import device_table, total

_CELLS = 4_000_000  # of the matrix of draws at a time: memory stays the same however many locations there are


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """How intervals are drawn.

    Parameters
    ----------
    replicates
        How often the locations are drawn.
    level
        Coverage of the interval, between 0 and 1.
    seed
        Of the draws.
    """

    replicates: int = 10_000
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if self.replicates < 100:
            raise ConfigError("replicates", self.replicates, "at least 100")
        if not 0 < self.level < 1:
            raise ConfigError("level", self.level, "between 0 and 1")

    def ratios(self, numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
        """Draw rows with replacement; return sum of numerators over sum of denominators: replicates x columns."""
        rows = len(numerator)
        generator = np.random.default_rng(self.seed)
        both, drawn = np.hstack([numerator, denominator]), []
        step = max(1, _CELLS // rows)
        for start in range(0, self.replicates, step):
            count = min(step, self.replicates - start)
            drawn.append(generator.multinomial(rows, np.full(rows, 1 / rows), size=count).astype(np.float64) @ both)
        above, below = np.hsplit(np.concatenate(drawn), 2)
        return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def interval(numerator: DataFrame, denominator: DataFrame, bootstrap: Bootstrap) -> DataFrame:
    """Estimate ratios of sums, and their percentile intervals.

    Parameters
    ----------
    numerator, denominator
        Sums per location: location x group, as `accuracy.total` makes them.
    bootstrap
        How to draw.

    Returns
    -------
    DataFrame
        group x (estimate, low, high, locations). The interval of a group heard at fewer than two locations is NaN: one
        location cannot tell how much locations differ.
    """
    ratios = bootstrap.ratios(numerator.to_numpy(), denominator.to_numpy())
    locations = (denominator > 0).sum()
    low, high = np.full((2, len(locations)), np.nan)
    known = locations.to_numpy() > 1
    tails = [(1 - bootstrap.level) / 2, (1 + bootstrap.level) / 2]
    if known.any():
        low[known], high[known] = np.nanquantile(ratios[:, known], tails, axis=0)
    estimate = numerator.sum() / denominator.sum()
    return DataFrame({"estimate": estimate, "low": low, "high": high, "locations": locations})


def accuracy_interval(scored: DataFrame, bootstrap: Bootstrap) -> DataFrame:
    """Accuracy of every group of devices with its interval; several seeds are averaged, and drawn together.

    Parameters
    ----------
    scored
        One epoch (the final weights) of one or several seeds.
    bootstrap
        How to draw.
    """
    by = ["location"]
    return interval(total(scored, "correct", by), total(scored, "clips", by), bootstrap)


def difference(first: DataFrame, second: DataFrame, bootstrap: Bootstrap) -> DataFrame:
    """Accuracy of the second configuration less that of the first, on the same clips of every group of devices.

    Both are summed per location before they are drawn, so what makes a recording hard for both cancels.

    Raises
    ------
    DataError
        If the two were not tested on the same clips, or differ in which devices are unseen.
    """
    if set(first["clip"]) != set(second["clip"]) or not device_table(first).equals(device_table(second)):
        raise DataError("two configurations can be compared on the same clips and unseen devices only; these differ")
    by = ["location"]
    repeats = [len(scored) / scored["clip"].nunique() for scored in (first, second)]
    correct = total(second, "correct", by) / repeats[1] - total(first, "correct", by) / repeats[0]
    return interval(correct, total(first, "clips", by) / repeats[0], bootstrap)


def loss_on_unseen(scored: DataFrame, bootstrap: Bootstrap) -> DataFrame:
    """Accuracy on unseen devices less that on seen ones, on those recordings that both have; one row per group.

    Parameters
    ----------
    scored
        One epoch of one or several seeds, with a column `seed`.
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
    paired = paired.assign(change=(paired.correct - paired.heard).where(counts, 0.0), clips=counts.astype(float))
    by = ["location"]
    return interval(total(paired, "change", by), total(paired, "clips", by), bootstrap)
