"""Configurations, each the runs that differ only in their seed, and the groups of them that can be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress
from typing import Any

from numpy.typing import NDArray
from pandas import DataFrame, Series

from evaluation.accuracy import accuracy, device_table, with_roles

EPOCHS = ["seed", "epoch"]


@dataclass(frozen=True, kw_only=True)
class Example:
    """Spectrograms of one recording made by two devices.

    Parameters
    ----------
    recording
        Name of the recording.
    seen_device, unseen_device
        A device that was trained on, and one that was not.
    seen, unseen
        Spectrograms of the recording by either device, (mel, frame), in dB.
    seconds
        Length of the recording.
    fmax, fmin
        Upper edge of the highest mel band and lower edge of the lowest, in Hz.
    """

    recording: str
    seen_device: str
    unseen_device: str
    seen: NDArray[Any]
    unseen: NDArray[Any]
    seconds: float
    fmax: float
    fmin: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The finished runs of one configuration, with the tables of all seeds.

    Parameters
    ----------
    name
        Name of the configuration's folder, unique within a report.
    label
        Short name for plots and headings, from `short_labels`.
    scenes
        The classes, in class order.
    description
        Every setting except the seed, nested.
    complexity
        The numbers of `models.complexity.Complexity`.
    scored
        `predictions.score` of the last epochs of every seed, with a column `seed`.
    metrics
        One row per epoch of every seed, with a column `seed`.
    example
        One recording by two devices, if the run stored one.
    """

    name: str
    label: str
    scenes: tuple[str, ...]
    description: Mapping[str, Any]
    complexity: Mapping[str, Any]
    scored: DataFrame
    metrics: DataFrame
    example: Example | None = None

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the runs, ascending."""
        return tuple(sorted(int(seed) for seed in self.scored.seed.unique()))

    @cached_property
    def averaged(self) -> DataFrame:
        """One row per seed and test clip; `correct` and `loss` are means over the last epochs, as in Koutini 2021."""
        rows = self.scored.groupby(["seed", "clip"], sort=True)
        facts = rows[["recording", "scene", "city", "location", "device", "kind", "seen", "clips"]].first()
        return facts.join(rows[["correct", "loss"]].mean()).reset_index()

    @cached_property
    def accuracies(self) -> DataFrame:
        """Accuracy of every last epoch of every seed, (seed, epoch) x (level, name), see `accuracy.accuracy`."""
        return accuracy(self.scored, EPOCHS)

    @property
    def unit(self) -> list[str]:
        """Columns that name the held-out unit of a clip, over which intervals are computed.

        The split rule `unseen-city` holds out (city, scene) pairs; the lists of a data set hold out locations.
        """
        rule = self.description.get("data", {}).get("split", {}).get("rule")
        return ["city", "scene"] if rule == "unseen-city" else ["location"]

    @property
    def unit_name(self) -> str:
        """Name of the held-out units in captions, in the plural."""
        return "(city, scene) pairs" if len(self.unit) > 1 else "locations"

    @cached_property
    def devices(self) -> DataFrame:
        """Device, kind and seen of every test device, in the order of `accuracy.device_table`."""
        return device_table(self.scored)

    def in_groups_of(self, other: "Configuration") -> "Configuration":
        """Return this configuration with the kind and role (seen or unseen) of every device taken from `other`.

        Groups of devices then hold the same clips in both. The two must have been tested on the same devices.
        """
        if self.devices.equals(other.devices):
            return self
        return replace(self, scored=with_roles(self.scored, other.devices))

    @cached_property
    def last_epoch(self) -> int:
        """The epoch of the final weights, counted from 0."""
        return int(self.scored.epoch.max())

    @cached_property
    def scored_epochs(self) -> int:
        """Number of last epochs over which scores are averaged."""
        return int(self.scored.groupby("seed")["epoch"].nunique().max())

    @property
    def chance(self) -> float:
        """Accuracy of guessing, 0 to 1."""
        return 1 / len(self.scenes)


def summarise(values: DataFrame | Series) -> DataFrame:
    """Return mean and standard deviations over the seeds and last epochs.

    Parameters
    ----------
    values
        Measures, indexed by (seed, epoch).

    Returns
    -------
    DataFrame
        One row per column of `values`: `mean`; `sd_seeds`, the standard deviation over seeds of the mean of each seed,
        NaN for a single seed; `sd_all`, that over seeds and epochs together, as in the figures of Koutini 2021
        (App. A.2).

    Examples
    --------
    >>> import pandas as pd
    >>> index = pd.MultiIndex.from_product([[0, 1], [28, 29]], names=["seed", "epoch"])
    >>> summarise(DataFrame({"unseen": [0.50, 0.52, 0.56, 0.58]}, index=index)).round(3)
            mean  sd_seeds  sd_all
    unseen  0.54     0.042   0.037
    """
    table = values.to_frame() if isinstance(values, Series) else values
    seeds = table.groupby(level="seed").mean()
    return DataFrame({"mean": seeds.mean(), "sd_seeds": seeds.std(), "sd_all": table.std()})


def short_labels(names: Sequence[str]) -> list[str]:
    """Return a short label for each configuration: from `<title>-<hash>`, the words of the title that differ.

    Where two titles are equal the hash is part of the label. A single configuration keeps its title.

    Examples
    --------
    >>> short_labels(["demo-base-w32-0a1b2c", "demo-damped-w32-3d4e5f"])
    ['base', 'damped']
    """
    titles = [name.rpartition("-")[0] or name for name in names]
    words = [label.split("-") for label in (titles if len({*titles}) == len(names) else names)]
    if len({len(parts) for parts in words}) > 1 or len(names) == 1:
        return ["-".join(parts) for parts in words]
    differ = [len({*column}) > 1 for column in zip(*words, strict=True)]
    return ["-".join(compress(parts, differ)) for parts in words]


def comparable(configurations: Sequence[Configuration]) -> list[list[Configuration]]:
    """Group configurations that were tested on the same clips, in the order given.

    Configurations are grouped if their test clips have the same names, scenes, cities, locations and devices. They may
    have been trained on different devices: a device can be seen in one and unseen in another.
    """
    groups: dict[tuple[object, ...], list[Configuration]] = {}
    for configuration in configurations:
        clips = configuration.averaged[["clip", "scene", "city", "location", "device"]].drop_duplicates()
        key = (configuration.scenes, *sorted(clips.itertuples(index=False, name=None)))
        groups.setdefault(key, []).append(configuration)
    return list(groups.values())


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested settings; entries of a list are named by their kind.

    Examples
    --------
    >>> flat({"network": {"width": 32}, "weights": [{"kind": "damped", "edge": 0.1}]})
    {'network.width': 32, 'weights.damped': True, 'weights.damped.edge': 0.1}
    """
    result: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            result |= flat(value, f"{prefix}{name}.")
        elif isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value):
            for entry in value:
                inner = {key: item for key, item in entry.items() if key != "kind"}
                result |= {f"{prefix}{name}.{entry['kind']}": True} | flat(inner, f"{prefix}{name}.{entry['kind']}.")
        else:
            result[prefix + name] = value
    return result


def differing(configurations: Sequence[Configuration]) -> dict[str, list[Any]]:
    """Return the settings in which configurations differ: the value in every configuration, by name."""
    settings = [flat(configuration.description) for configuration in configurations]
    names = sorted({name for setting in settings for name in setting})
    values = {name: [setting.get(name) for setting in settings] for name in names}
    return {name: found for name, found in values.items() if any(value != found[0] for value in found)}


def parallel_recordings(scored: DataFrame) -> int:
    """Count recordings that were made by seen and by unseen devices."""
    seen, unseen = (set(scored["recording"][scored["seen"] == part]) for part in (True, False))
    return len(seen & unseen)
