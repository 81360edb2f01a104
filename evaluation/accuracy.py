"""Accuracy, macro accuracy, log loss and confusion counts of scored predictions, per device and group of devices.

A group (all devices, the seen or the unseen devices, the real unseen devices, a single device) is a set of devices.
Each number is a sum over the clips of a group's devices divided by the number of these clips.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, MultiIndex, Series

from common.natural_order import natural_key
from evaluation.predictions import KINDS

PARTS = ("seen", "unseen")
SEEN, UNSEEN, ALL = ("part", "seen"), ("part", "unseen"), ("all", "all")
GROUPS = ("reference", "real seen", "simulated seen", "real unseen", "simulated unseen")  # as in DCASE's device tables


def device_table(scored: DataFrame) -> DataFrame:
    """Return kind and role of every device: the reference device first, then real, then simulated devices.

    Parameters
    ----------
    scored
        One row per clip, with the columns device, kind and seen.

    Returns
    -------
    DataFrame
        One row per device: `device`, `kind` (`reference`, `real` or `simulated`) and `seen` (trained on or not).
    """
    devices = scored[["device", "kind", "seen"]].drop_duplicates().to_dict("records")
    ordered = sorted(devices, key=lambda row: (KINDS.index(row["kind"]), natural_key(row["device"])))
    return DataFrame(ordered, columns=["device", "kind", "seen"])


def with_roles(scored: DataFrame, like: DataFrame) -> DataFrame:
    """Return `scored` with the kind and role (seen or unseen) of every device taken from `like`.

    Groups of devices then hold the same devices in both tables.

    Parameters
    ----------
    scored
        One row per clip, with the column device.
    like
        One row per clip or device, with the columns device, kind and seen.
    """
    devices = device_table(like).set_index("device")
    return scored.assign(**{column: scored["device"].map(devices[column]) for column in ("kind", "seen")})


def membership(scored: DataFrame) -> DataFrame:
    """Return the groups of devices as a matrix of zeros and ones, device x (level, name).

    The levels are `all`, `part` (seen, unseen), `group` (`GROUPS`) and `device`. Groups without a device are included:
    `unseen` is empty for a network that was trained on every device.
    """
    devices = device_table(scored).set_index("device")
    parts = devices.seen.map({True: "seen", False: "unseen"})
    groups = devices.kind.where(devices.kind == "reference", devices.kind + " " + parts)
    columns: dict[tuple[str, str], Any] = {ALL: 1, SEEN: devices.seen, UNSEEN: ~devices.seen}
    columns |= {("group", group): groups == group for group in GROUPS}
    columns |= {("device", name): devices.index == name for name in devices.index}
    members = DataFrame(columns, index=devices.index).astype(float)
    return members.set_axis(MultiIndex.from_tuples(columns, names=["level", "name"]), axis=1)


def totals(scored: DataFrame, columns: list[str], by: list[str]) -> dict[str, DataFrame]:
    """Sum columns (clips, correct, loss, ...) per value of `by` and group of devices.

    Parameters
    ----------
    scored
        One row per clip (and seed, and epoch), with the columns device, kind and seen.
    columns
        Columns to sum.
    by
        Columns whose values are kept apart.

    Returns
    -------
    dict
        For each of `columns` a table, `by` x (level, name), see `membership`.
    """
    members = membership(scored)
    sums = scored.groupby([*by, "device"])[columns].sum().unstack("device", fill_value=0)
    return {
        column: DataFrame(
            DataFrame(sums[column]).reindex(columns=members.index).to_numpy() @ members.to_numpy(),
            index=sums.index,
            columns=members.columns,
        )
        for column in columns
    }


def _mean(scored: DataFrame, column: str, by: list[str]) -> DataFrame:
    sums = totals(scored, [column, "clips"], by)
    return sums[column] / sums["clips"]


def accuracy(scored: DataFrame, by: list[str]) -> DataFrame:
    """Return the share of clips that were classified correctly, per value of `by` and group of devices.

    Parameters
    ----------
    scored
        Scored predictions, see `predictions.score`.
    by
        Columns whose values are kept apart, such as `["seed", "epoch"]`.

    Returns
    -------
    DataFrame
        `by` x (level, name), shares from 0 to 1; NaN where a group has no clip. See `membership` for the groups.

    Examples
    --------
    Three clips of the training device a, one of them wrong, and two of device b, one of them wrong.

    >>> scored = DataFrame(
    ...     {
    ...         "epoch": 0,
    ...         "device": ["a", "a", "a", "b", "b"],
    ...         "kind": ["reference", "reference", "reference", "real", "real"],
    ...         "seen": [True, True, True, False, False],
    ...         "scene": ["bus", "bus", "park", "bus", "park"],
    ...         "correct": [1.0, 1.0, 0.0, 1.0, 0.0],
    ...         "clips": 1.0,
    ...     }
    ... )
    >>> accuracy(scored, ["epoch"])["part"].round(3)
    name    seen  unseen
    epoch
    0      0.667     0.5
    """
    return _mean(scored, "correct", by)


def log_loss(scored: DataFrame, by: list[str]) -> DataFrame:
    """Return the mean cross-entropy in nats, in the shape of `accuracy`.

    Examples
    --------
    >>> scored = DataFrame(
    ...     {
    ...         "epoch": 0,
    ...         "device": "a",
    ...         "kind": "reference",
    ...         "seen": True,
    ...         "loss": [0.1, 0.2, 1.2],
    ...         "clips": 1.0,
    ...     }
    ... )
    >>> log_loss(scored, ["epoch"])["part", "seen"].round(3).tolist()
    [0.5]
    """
    return _mean(scored, "loss", by)


def macro_average(scored: DataFrame, by: list[str]) -> DataFrame:
    """Return the mean over scenes of each scene's accuracy, as DCASE reports it, in the shape of `accuracy`.

    Scenes without a clip in a group are left out of its mean.

    Examples
    --------
    >>> scored = DataFrame(
    ...     {
    ...         "epoch": 0,
    ...         "device": "a",
    ...         "kind": "reference",
    ...         "seen": True,
    ...         "scene": ["bus", "bus", "park"],
    ...         "correct": [1.0, 1.0, 0.0],
    ...         "clips": 1.0,
    ...     }
    ... )
    >>> accuracy(scored, ["epoch"])["part", "seen"].round(3).tolist()
    [0.667]
    >>> macro_average(scored, ["epoch"])["part", "seen"].round(3).tolist()
    [0.5]
    """
    return accuracy(scored, [*by, "scene"]).groupby(level=by).mean()


def macro_log_loss(scored: DataFrame, by: list[str]) -> DataFrame:
    """Return the mean over scenes of each scene's log loss in nats, by which DCASE ranked until 2023."""
    return log_loss(scored, [*by, "scene"]).groupby(level=by).mean()


def device_spread(accuracies: DataFrame) -> "Series[float]":
    """Return the standard deviation over devices of each row of a table of `accuracy`.

    The sum of squares is divided by the number of devices: they are the whole population, not a sample.
    """
    return DataFrame(accuracies["device"]).std(axis=1, ddof=0)


def confusion(scored: DataFrame, scenes: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the confusion matrix: numbers of clips, (true scene, predicted scene).

    Examples
    --------
    >>> scored = DataFrame({"scene": ["bus", "bus", "park"], "predicted": ["bus", "park", "park"]})
    >>> confusion(scored, ("bus", "park"))
    array([[1, 1],
           [0, 1]])
    """
    table = pd.crosstab(scored.scene, scored.predicted).reindex(index=scenes, columns=scenes, fill_value=0)
    return table.to_numpy(dtype=np.int64)
