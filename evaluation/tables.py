"""The numbers of a report, as tables: computed once, then written, printed and drawn by others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pandas import DataFrame, Series

from evaluation.accuracy import (
    PARTS,
    SEEN,
    UNSEEN,
    accuracy,
    device_spread,
    log_loss,
    macro_average,
    macro_log_loss,
    natural,
    total,
    with_roles,
)
from evaluation.grouping import Configuration, summarise
from evaluation.intervals import Bootstrap, accuracy_interval, difference, loss_on_unseen
from evaluation.verdicts import device_family, judged

EPOCHS = ["seed", "epoch"]
_ABREAST = 3  # configurations side by side in one table


@dataclass(frozen=True)
class Comparison:
    """Configurations tested on the same clips, with their numbers.

    Parameters
    ----------
    configurations
        In the order given; the first is what the others are compared with.
    accuracies
        `group_accuracies` of each configuration, in the groups of the first.
    differences
        `intervals.difference` of every configuration but the first from the first, with `p_holm` and `verdict`.
    """

    configurations: list[Configuration]
    accuracies: list[DataFrame]
    differences: list[DataFrame]

    @property
    def held(self) -> str:
        """What intervals of accuracies are over: the seeds of a configuration that has several, and held-out units."""
        counts = [len(configuration.seeds) for configuration in self.configurations]
        units = self.configurations[0].unit_name
        if min(counts) > 1:
            return f"training seeds and {units}"
        return f"training seeds (of configurations that have several) and {units}" if max(counts) > 1 else units

    @property
    def same_training_devices(self) -> bool:
        """Whether every configuration was trained on the same devices, among those that were tested."""
        first, *others = (set(c.devices.device[c.devices.seen]) for c in self.configurations)
        return all(other == first for other in others)

    def abreast(self) -> Iterator[tuple[list[Configuration], list[DataFrame]]]:
        """Yield a few configurations at a time with their accuracies, as many as one table holds side by side."""
        for start in range(0, len(self.configurations), _ABREAST):
            yield self.configurations[start : start + _ABREAST], self.accuracies[start : start + _ABREAST]


def compare(configurations: list[Configuration], bootstrap: Bootstrap) -> Comparison:
    """Compute what is reported of configurations that were tested on the same clips."""
    first, *others = configurations
    return Comparison(
        configurations,
        [group_accuracies(configuration, bootstrap, like=first) for configuration in configurations],
        _judged([difference(first.averaged, other.averaged, first.unit, bootstrap) for other in others]),
    )


def _judged(differences: list[DataFrame]) -> list[DataFrame]:
    """Add verdicts; every family extends over all configurations that are compared."""
    if not differences:
        return []
    stacked = pd.concat(differences, keys=range(len(differences)))
    families = Series([device_family(index[1:]) for index in stacked.index], index=stacked.index)
    table = judged(stacked, families)
    return [DataFrame(table.loc[number]) for number in range(len(differences))]


def measures(scored: DataFrame) -> DataFrame:
    """Return the headline numbers of every epoch: (seed, epoch) x measure."""
    right, macro, loss = accuracy(scored, EPOCHS), macro_average(scored, EPOCHS), log_loss(scored, EPOCHS)
    macro_loss = macro_log_loss(scored, EPOCHS)
    columns = {"seen": right[SEEN], "unseen": right[UNSEEN], "gap": right[SEEN] - right[UNSEEN]}
    columns |= {f"macro_{part}": macro["part", part] for part in PARTS}
    columns |= {f"log_loss_{part}": loss["part", part] for part in PARTS}
    columns |= {f"macro_log_loss_{part}": macro_loss["part", part] for part in PARTS}
    return DataFrame(columns | {"device_sd": device_spread(right)})


def headline(configurations: Sequence[Configuration]) -> DataFrame:
    """One row per configuration: mean over seeds and last epochs of each measure, and its deviations."""
    rows = []
    for configuration in configurations:
        values = summarise(measures(configuration.scored))
        row = {"configuration": configuration.name, "seeds": len(configuration.seeds)}
        row |= {"epochs_averaged": configuration.scored_epochs, "test_clips": configuration.averaged["clip"].nunique()}
        for name, value in values.iterrows():
            row |= {f"{name}": value["mean"], f"{name}_sd_seeds": value["sd_seeds"], f"{name}_sd_all": value["sd_all"]}
        rows.append(row)
    return DataFrame(rows)


def group_accuracies(
    configuration: Configuration, bootstrap: Bootstrap, *, like: Configuration | None = None
) -> DataFrame:
    """Return everything known about each group of devices: (level, name) x column.

    The groups hold the devices that they hold in `like` (the configuration itself, where not given), so that a row is
    of the same clips in every configuration of a comparison. `kind`, `seen` and changes are the configuration's own.

    Every number is a mean over the last epochs and the seeds. `accuracy` has the interval `low` to `high`, `macro` has
    `macro_low` to `macro_high`; `log_loss` is the mean over clips, `macro_log_loss` over the scenes' means, in nats;
    `change`, `change_low`, `change_high` and `change_p` are `intervals.loss_on_unseen`.
    """
    reference, unit = (like or configuration).scored, configuration.unit
    scored, averaged = (with_roles(rows, reference) for rows in (configuration.scored, configuration.averaged))
    right = summarise(accuracy(scored, EPOCHS))
    drawn = accuracy_interval(averaged, unit, bootstrap)
    macro = accuracy_interval(averaged, unit, bootstrap, macro=True)
    cost = loss_on_unseen(configuration.averaged, unit, bootstrap)
    facts = configuration.devices.set_index(pd.MultiIndex.from_product([["device"], configuration.devices.device]))
    return DataFrame(
        {
            "kind": facts.kind,
            "seen": facts.seen,
            "clips": total(averaged, "clips", ["seed"]).iloc[0].astype(int),
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


def breakdown(configuration: Configuration, column: str, like: Configuration | None = None) -> DataFrame:
    """Accuracy on seen and unseen devices per scene or city (mean of the last epochs), with the clips behind it.

    Seen and unseen devices are those of `like`, or of the configuration itself.
    """
    reference = (like or configuration).scored
    scored, averaged = (with_roles(rows, reference) for rows in (configuration.scored, configuration.averaged))
    right = accuracy(scored, [*EPOCHS, column]).groupby(level=[column, "seed"]).mean().groupby(level=column).mean()
    clips = total(averaged, "clips", ["seed", column]).groupby(level=column).first()
    found = {f"{part}_clips": clips["part", part].astype(int) for part in PARTS}
    table = DataFrame(found | {part: right["part", part] for part in PARTS})
    names = configuration.scenes if column == "scene" else sorted(table.index, key=natural)
    return table.reindex(names).rename_axis(column)


def difference_table(comparison: Comparison) -> DataFrame:
    """List every difference of a comparison: which two, which group, the difference, its interval and verdict."""
    first, *others = comparison.configurations
    rows = []
    for other, table in zip(others, comparison.differences, strict=True):
        named = table.rename(columns={"estimate": "difference"}).reset_index()
        named.insert(0, "configuration", other.name)
        named.insert(1, "compared_with", first.name)
        rows.append(named)
    return pd.concat(rows, ignore_index=True)


def sections(table: DataFrame) -> Iterator[tuple[str, list[tuple[str, tuple[str, str]]]]]:
    """Yield headings and their rows, as (name, index): devices by seen and kind, then the groups that have clips."""
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


def labelled(tables: Sequence[DataFrame], configurations: Sequence[Configuration]) -> DataFrame:
    """Stack one table per configuration, the configuration's name in the first column."""
    names = [configuration.name for configuration in configurations]
    return pd.concat(tables, keys=names, names=["configuration"]).reset_index()
