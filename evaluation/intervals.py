"""Confidence intervals of accuracies, of their differences, and of the change on unseen devices.

Examples
--------
Two configurations with five seeds each, tested at 40 locations with device a, on which they were trained, and device b.
The second one classifies every clip of device b at the first twelve locations correctly.

>>> import numpy as np
>>> import pandas as pd
>>> index = pd.MultiIndex.from_product([range(5), range(40), ["a", "b"]], names=["seed", "location", "device"])
>>> first = pd.DataFrame(index=index).reset_index()
>>> first["recording"] = first["location"].astype(str)
>>> first["clip"] = first["recording"] + first["device"]
>>> first["kind"] = first["device"].map({"a": "reference", "b": "real"})
>>> first = first.assign(scene="bus", clips=1.0, seen=first["device"] == "a")
>>> odds = first["device"].map({"a": 0.8, "b": 0.5})
>>> first["correct"] = (np.random.default_rng(0).random(len(first)) < odds).astype(float)
>>> second = first.assign(correct=first["correct"].where(first["seen"] | (first["location"] > 11), 1.0))
>>> shown = ["estimate", "low", "high"]
>>> accuracy_interval(first, ["location"], Bootstrap()).loc["part", shown].round(2)
        estimate   low  high
name
seen        0.73  0.65  0.81
unseen      0.48  0.38  0.58
>>> difference(first, second, ["location"], Bootstrap()).loc["part", [*shown, "p"]].round(2)
        estimate   low  high     p
name
seen        0.00 -0.08  0.08  1.00
unseen      0.17  0.05  0.30  0.01
>>> loss_on_unseen(first, ["location"], Bootstrap()).loc["part", shown].round(2)
        estimate   low  high
name
seen         NaN   NaN   NaN
unseen     -0.25 -0.35 -0.15
"""

from pandas import DataFrame

from common.errors import DataError
from evaluation.accuracy import with_roles
from evaluation.bootstrap import Bootstrap, interval
from evaluation.sums import Sums


def accuracy_interval(scored: DataFrame, unit: list[str], bootstrap: Bootstrap, *, macro: bool = False) -> DataFrame:
    """Return the accuracy of every group of devices with its interval.

    Parameters
    ----------
    scored
        One row per seed and test clip.
    unit
        Columns that name the held-out unit of a clip.
    bootstrap
        Settings of the bootstrap.
    macro
        Average over scenes instead of over clips.

    Returns
    -------
    DataFrame
        See `bootstrap.interval`.
    """
    sums = Sums.of(scored, unit)
    return interval([sums if macro else sums.over_scenes()], bootstrap, share=True)


def difference(first: DataFrame, second: DataFrame, unit: list[str], bootstrap: Bootstrap) -> DataFrame:
    """Return the accuracy of the second configuration minus that of the first, on the same clips, with its interval.

    The groups of devices are those of the first configuration: if the second was trained on other devices, `unseen`
    still means the devices that the first was not trained on.

    Parameters
    ----------
    first, second
        One row per seed and test clip of each configuration.
    unit
        Columns that name the held-out unit of a clip.
    bootstrap
        Settings of the bootstrap.

    Returns
    -------
    DataFrame
        See `bootstrap.interval`.

    Raises
    ------
    DataError
        If the two were tested on different clips.
    """
    if set(first["clip"]) != set(second["clip"]):
        raise DataError("two configurations can be compared on the same test clips only; these were tested on others")
    arms = [Sums.of(rows, unit).over_scenes() for rows in (first, with_roles(second, first))]
    return interval(arms, bootstrap)


def loss_on_unseen(scored: DataFrame, unit: list[str], bootstrap: Bootstrap) -> DataFrame:
    """Return the accuracy on unseen devices minus that on seen devices, on recordings made by both, with its interval.

    Parameters
    ----------
    scored
        One row per seed and test clip.
    unit
        Columns that name the held-out unit of a clip.
    bootstrap
        Settings of the bootstrap.

    Returns
    -------
    DataFrame
        See `bootstrap.interval`. NaN for seen devices, and for devices that share no recording with a seen device.
    """
    same = ["seed", "recording"]
    heard = scored[scored.seen].groupby(same)["correct"].mean().rename("heard")
    paired = scored.join(heard, on=same)
    counts = ~paired.seen & paired.heard.notna()
    paired = paired.assign(change=(paired.correct - paired.heard).where(counts, 0.0), paired=counts.astype(float))
    return interval([Sums.of(paired, unit, "change", "paired").over_scenes()], bootstrap)
