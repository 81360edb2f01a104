"""The tables of a report: headline, groups of devices, scenes, cities and confusions of one configuration."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from common.natural_order import natural_key
from evaluation.accuracy import (
    PARTS,
    SEEN,
    UNSEEN,
    accuracy,
    confusion,
    device_spread,
    log_loss,
    macro_average,
    macro_log_loss,
    totals,
)
from evaluation.bootstrap import Bootstrap
from evaluation.grouping import EPOCHS, Configuration, summarise
from evaluation.intervals import accuracy_interval, loss_on_unseen


def measures(configuration: Configuration) -> DataFrame:
    """Return accuracy, macro accuracy, log loss and deviation over devices of every epoch, (seed, epoch) x measure."""
    right, scored = configuration.accuracies, configuration.scored
    macro, loss, macro_loss = (measure(scored, EPOCHS) for measure in (macro_average, log_loss, macro_log_loss))
    columns = {"seen": right[SEEN], "unseen": right[UNSEEN], "gap": right[SEEN] - right[UNSEEN]}
    columns |= {f"macro_{part}": macro["part", part] for part in PARTS}
    columns |= {f"log_loss_{part}": loss["part", part] for part in PARTS}
    columns |= {f"macro_log_loss_{part}": macro_loss["part", part] for part in PARTS}
    return DataFrame(columns | {"device_sd": device_spread(right)})


def headline(configurations: Sequence[Configuration]) -> DataFrame:
    """Return the headline table: one row per configuration with every measure of `measures`.

    Returns
    -------
    DataFrame
        `configuration`, `seeds`, `epochs_averaged`, `test_clips`, and for each measure its mean over seeds and last
        epochs, with the standard deviations `<measure>_sd_seeds` and `<measure>_sd_all` of `grouping.summarise`.
    """
    rows = []
    for configuration in configurations:
        values = summarise(measures(configuration))
        row = {"configuration": configuration.name, "seeds": len(configuration.seeds)}
        row |= {"epochs_averaged": configuration.scored_epochs, "test_clips": configuration.averaged["clip"].nunique()}
        for name, value in values.iterrows():
            row |= {f"{name}": value["mean"], f"{name}_sd_seeds": value["sd_seeds"], f"{name}_sd_all": value["sd_all"]}
        rows.append(row)
    return DataFrame(rows)


def group_accuracies(
    configuration: Configuration, bootstrap: Bootstrap, *, like: Configuration | None = None
) -> DataFrame:
    """Return the numbers of every device and group of devices, means over the last epochs and the seeds.

    Parameters
    ----------
    configuration
        The configuration.
    bootstrap
        Settings of the intervals.
    like
        Configuration from which groups and held-out units are taken, so that a row has the same clips in every
        configuration of a comparison; `configuration` itself if not given.

    Returns
    -------
    DataFrame
        (level, name) x column. `kind` and `seen` of a device in `configuration`, not in `like`; numbers of `clips` and
        held-out `units`; `accuracy` with its deviations and its interval from `low` to `high`; `macro` with `macro_low`
        and `macro_high`; `log_loss` (mean over clips) and `macro_log_loss` (mean over scenes) in nats; `change`,
        `change_low`, `change_high` and `change_p` of `intervals.loss_on_unseen`, for the seen and unseen devices of
        `configuration`.
    """
    aligned, unit = configuration.in_groups_of(like or configuration), (like or configuration).unit
    averaged = aligned.averaged
    right = summarise(aligned.accuracies)
    drawn = accuracy_interval(averaged, unit, bootstrap)
    macro = accuracy_interval(averaged, unit, bootstrap, macro=True)
    cost = loss_on_unseen(configuration.averaged, unit, bootstrap)
    facts = configuration.devices.set_index(pd.MultiIndex.from_product([["device"], configuration.devices.device]))
    return DataFrame(
        {
            "kind": facts.kind,
            "seen": facts.seen,
            "clips": totals(averaged, ["clips"], ["seed"])["clips"].iloc[0].astype(int),
            "units": drawn.units,
            "accuracy": drawn.estimate,
            "accuracy_sd_seeds": right.sd_seeds,
            "accuracy_sd_all": right.sd_all,
            "low": drawn.low,
            "high": drawn.high,
            "macro": macro.estimate,
            "macro_low": macro.low,
            "macro_high": macro.high,
            "log_loss": log_loss(averaged, ["seed"]).mean(),
            "macro_log_loss": macro_log_loss(averaged, ["seed"]).mean(),
            "change": cost.estimate,
            "change_low": cost.low,
            "change_high": cost.high,
            "change_p": cost.p,
        },
        index=drawn.index,
    )


def breakdown(configuration: Configuration, column: str) -> DataFrame:
    """Return the accuracy on seen and unseen devices per scene or city.

    Parameters
    ----------
    configuration
        The configuration; its devices have the roles (seen or unseen) of the report.
    column
        `scene` or `city`.

    Returns
    -------
    DataFrame
        One row per scene (in class order) or city: numbers of test clips `seen_clips` and `unseen_clips`, and the
        accuracies `seen` and `unseen`, means of the last epochs and the seeds.
    """
    right = accuracy(configuration.scored, [*EPOCHS, column])
    right = right.groupby(level=[column, "seed"]).mean().groupby(level=column).mean()
    clips = totals(configuration.averaged, ["clips"], ["seed", column])["clips"].groupby(level=column).first()
    found = {f"{part}_clips": clips["part", part].astype(int) for part in PARTS}
    table = DataFrame(found | {part: right["part", part] for part in PARTS})
    names = configuration.scenes if column == "scene" else sorted(table.index, key=natural_key)
    return table.reindex(names).rename_axis(column)


def confusions(configuration: Configuration) -> dict[str, NDArray[np.int64]]:
    """Count the predictions of each scene over the seeds and the last epochs, on seen and on unseen devices.

    Returns
    -------
    dict
        `seen` and `unseen`, where there are clips: counts, (true scene, predicted scene).
    """
    scored = configuration.scored
    parts = {part: scored[scored.seen == (part == "seen")] for part in PARTS}
    return {part: confusion(rows, configuration.scenes) for part, rows in parts.items() if len(rows)}


def sections(table: DataFrame) -> Iterator[tuple[str, list[tuple[str, tuple[str, str]]]]]:
    """Yield the sections of a table by device: devices by role and kind, then the groups that have clips.

    Parameters
    ----------
    table
        See `group_accuracies`.

    Yields
    ------
    tuple
        Heading of a section, and the names and indices of its rows.
    """
    devices = table.loc[["device"]]
    for part, seen in (("seen", True), ("unseen", False)):
        for kind in ("reference", "real", "simulated"):
            chosen = devices[(devices.seen == seen) & (devices.kind == kind)].index
            if len(chosen):
                yield f"{part}, {kind}", [(name, (level, name)) for level, name in chosen]
    groups = table.drop(index="device", level="level")
    yield "groups of devices", [(name, (level, name)) for level, name in groups.index[groups.clips > 0]]


def row_of(table: DataFrame, index: tuple[str, str]) -> "Series[Any]":
    """Return one row of a table indexed by (level, name)."""
    return table.loc[[index]].iloc[0]


def rows_of(table: DataFrame) -> dict[tuple[str, str], Any]:
    """Return the rows of a table indexed by (level, name) as named tuples, by index."""
    return dict(zip(table.index, table.itertuples(index=False, name="Row"), strict=True))
