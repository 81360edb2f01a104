"""All numbers of a report: each table, interval and verdict is computed here, once. Other modules only format them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from evaluation.bootstrap import Bootstrap
from evaluation.coverage import missing_scenes
from evaluation.grouping import Configuration, comparable, parallel_recordings
from evaluation.intervals import difference
from evaluation.tables import breakdown, confusions, group_accuracies, headline
from evaluation.verdicts import device_family, judged


@dataclass(frozen=True, kw_only=True)
class Result:
    """The numbers of one configuration within a comparison.

    Parameters
    ----------
    configuration
        The configuration.
    groups
        `tables.group_accuracies`, in the groups of the comparison's first configuration.
    scenes, cities
        `tables.breakdown`, likewise.
    confusions
        `tables.confusions`.
    difference
        `intervals.difference` from the first configuration, with `p_holm` and `verdict`; None for the first itself.
    """

    configuration: Configuration
    groups: DataFrame
    scenes: DataFrame
    cities: DataFrame
    confusions: Mapping[str, NDArray[np.int64]]
    difference: DataFrame | None

    @property
    def label(self) -> str:
        """Short name of the configuration."""
        return self.configuration.label


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Configurations tested on the same clips, with their numbers.

    Parameters
    ----------
    results
        One per configuration, in the order given; the first is the one that the others are compared with.
    parallel
        Number of recordings that were made by seen and by unseen devices.
    missing
        Scenes of which a device has no test clip, by device.
    """

    results: Sequence[Result]
    parallel: int
    missing: Mapping[str, tuple[str, ...]]

    @property
    def configurations(self) -> list[Configuration]:
        """The configurations, in the order given."""
        return [result.configuration for result in self.results]

    @property
    def first(self) -> Configuration:
        """The configuration that the others are compared with."""
        return self.results[0].configuration

    @property
    def differences(self) -> list[tuple[Result, DataFrame]]:
        """Every result but the first, with its difference from the first."""
        return [(result, result.difference) for result in self.results if result.difference is not None]

    @property
    def held(self) -> str:
        """Name of what intervals are over: the seeds of configurations that have several, and held-out units."""
        counts = [len(configuration.seeds) for configuration in self.configurations]
        units = self.first.unit_name
        if min(counts) > 1:
            return f"training seeds and {units}"
        return f"training seeds (of configurations that have several) and {units}" if max(counts) > 1 else units

    @cached_property
    def same_training_devices(self) -> bool:
        """Whether every configuration was trained on the same devices, among those that were tested."""
        first, *others = (set(c.devices.device[c.devices.seen]) for c in self.configurations)
        return all(other == first for other in others)


@dataclass(frozen=True, kw_only=True)
class Report:
    """The numbers of a report.

    Parameters
    ----------
    title
        Title of the page.
    configurations
        Every configuration, in the order given.
    headline
        `tables.headline` of all of them.
    comparisons
        The same configurations, grouped by the clips that they were tested on.
    bootstrap
        Settings of the intervals.
    """

    title: str
    configurations: Sequence[Configuration]
    headline: DataFrame
    comparisons: Sequence[Comparison]
    bootstrap: Bootstrap


def make_report(configurations: Sequence[Configuration], title: str, bootstrap: Bootstrap) -> Report:
    """Compute the numbers of a report; nothing is written."""
    return Report(
        title=title,
        configurations=configurations,
        headline=headline(configurations),
        comparisons=[compare(group, bootstrap) for group in comparable(configurations)],
        bootstrap=bootstrap,
    )


def compare(configurations: Sequence[Configuration], bootstrap: Bootstrap) -> Comparison:
    """Compute the numbers of configurations that were tested on the same clips."""
    first, *others = configurations
    judged_differences = _judged([difference(first.averaged, c.averaged, first.unit, bootstrap) for c in others])
    results = [
        _result(configuration, first, table, bootstrap)
        for configuration, table in zip(configurations, [None, *judged_differences], strict=True)
    ]
    parallel = parallel_recordings(first.averaged)
    return Comparison(results=results, parallel=parallel, missing=missing_scenes(first.averaged))


def _result(
    configuration: Configuration, first: Configuration, difference: DataFrame | None, bootstrap: Bootstrap
) -> Result:
    aligned = configuration.in_groups_of(first)
    return Result(
        configuration=configuration,
        groups=group_accuracies(configuration, bootstrap, like=first),
        scenes=breakdown(aligned, "scene"),
        cities=breakdown(aligned, "city"),
        confusions=confusions(configuration),
        difference=difference,
    )


def _judged(differences: Sequence[DataFrame]) -> list[DataFrame]:
    """Add verdicts; every family extends over all configurations that are compared."""
    if not differences:
        return []
    stacked = pd.concat(differences, keys=range(len(differences)))
    families = Series([device_family(index[1:]) for index in stacked.index], index=stacked.index)
    table = judged(stacked, families)
    return [DataFrame(table.loc[number]) for number in range(len(differences))]
