"""Accuracy, macro average, log loss and confusions of scored predictions: per device and per group of devices.

A group (all devices, the seen or unseen ones, the real unseen ones, a single device) is a set of devices, so every
number here is a sum per device, added up over the devices of the group and divided once.
"""

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, MultiIndex, Series

from evaluation.predictions import KINDS

PARTS = ("seen", "unseen")
SEEN, UNSEEN, ALL = ("part", "seen"), ("part", "unseen"), ("all", "all")
GROUPS = ("reference", "real seen", "simulated seen", "real unseen", "simulated unseen")  # as in DCASE's device tables


def natural(name: str) -> tuple[tuple[str | int, ...], str]:
    """Return the key that sorts names as people do: s2 before s10."""
    parts = re.split(r"([0-9]+)", name)  # text and numbers in turn
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts)), name


def device_table(scored: DataFrame) -> DataFrame:
    """Return device, kind and seen of every device: the reference first, then real, then simulated ones."""
    devices = scored[["device", "kind", "seen"]].drop_duplicates().to_dict("records")
    ordered = sorted(devices, key=lambda row: (KINDS.index(row["kind"]), natural(row["device"])))
    return DataFrame(ordered, columns=["device", "kind", "seen"])


def with_roles(scored: DataFrame, like: DataFrame) -> DataFrame:
    """Return `scored` with every device as seen, and of the kind, that it is in `like`: groups hold the same devices.

    Parameters
    ----------
    scored, like
        Clips of the same devices.
    """
    devices = device_table(like).set_index("device")
    return scored.assign(**{column: scored["device"].map(devices[column]) for column in ("kind", "seen")})


def membership(scored: DataFrame) -> DataFrame:
    """Return which devices are in which group: 1 or 0, device x (level, name).

    The levels are `all`, `part` (seen, unseen), `group` (`GROUPS`) and `device`. Groups without a device are included:
    a network trained on every device has an empty `unseen`.
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
    """Share of clips classified correctly, per value of `by` and group; NaN where there is no clip."""
    return _mean(scored, "correct", by)


def log_loss(scored: DataFrame, by: list[str]) -> DataFrame:
    """Mean cross-entropy in nats, per value of `by` and group; NaN where there is no clip."""
    return _mean(scored, "loss", by)


def macro_average(scored: DataFrame, by: list[str]) -> DataFrame:
    """Mean over the scenes of each scene's accuracy (DCASE's number); scenes without a clip in a group do not count."""
    return accuracy(scored, [*by, "scene"]).groupby(level=by).mean()


def macro_log_loss(scored: DataFrame, by: list[str]) -> DataFrame:
    """Mean over the scenes of each scene's log loss, in nats (what DCASE ranked by until 2023)."""
    return log_loss(scored, [*by, "scene"]).groupby(level=by).mean()


def device_spread(accuracies: DataFrame) -> "Series[float]":
    """Return the standard deviation over devices of each row of accuracies.

    The devices are all there are, not a sample of them, so the sum of squares is divided by their number.
    """
    return DataFrame(accuracies["device"]).std(axis=1, ddof=0)


def confusion(scored: DataFrame, scenes: tuple[str, ...]) -> NDArray[np.int64]:
    """Count clips of each scene (row) that were taken for each scene (column)."""
    table = pd.crosstab(scored.scene, scored.predicted).reindex(index=scenes, columns=scenes, fill_value=0)
    return table.to_numpy(dtype=np.int64)
