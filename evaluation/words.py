"""What a report says in sentences: what was compared, what the numbers allow to say, and what they do not."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluation.accuracy import SEEN, UNSEEN
from evaluation.grids import percent, points, within
from evaluation.grouping import Configuration, parallel_recordings
from evaluation.tables import Comparison, row_of, verdict

_FEW_LOCATIONS = 20  # the bootstrap of fewer clusters is known to give intervals that are too narrow
_SEEDS_OF_THE_PAPER = 3


def count(number: int, thing: str) -> str:
    """Return `1 seed`, `2 seeds`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _setting(name: str, value: Any) -> str:
    name = name.replace("_", " ")
    if value is None or value is False:
        return f"no {name}"
    if isinstance(value, list):
        value = " ".join(map(str, value))
    return name if value is True else f"{name} {value}"


def _settings(description: Mapping[str, Any], part: str) -> str:
    return ", ".join(_setting(name, value) for name, value in description.get(part, {}).items())


def in_words(configuration: Configuration) -> str:
    """Say what a configuration is: its network, its weights, its split, its training and its seeds."""
    description = configuration.description
    known = {part: _settings(description, part) for part in ("network", "weights", "split")}
    parts = [f"{part}: {text}" for part, text in known.items() if text]
    data = description.get("data", {})
    if data:
        parts.insert(0, f"data: {data.get('name', '?')} {str(data.get('identity', ''))[:12]}")
    training = description.get("training", {})
    if "epochs" in training:
        parts.append(f"training: {count(training['epochs'], 'epoch')}, batches of {training.get('batch_size', '?')}")
    parts.append(f"seed{'s' * (len(configuration.seeds) > 1)} {', '.join(map(str, configuration.seeds))}")
    return "; ".join(parts)


def findings(comparison: Comparison) -> list[str]:
    """Say how each configuration does on seen and unseen devices, and which differences the intervals show."""
    sentences = []
    for configuration, table in zip(comparison.configurations, comparison.accuracies, strict=True):
        seen, unseen = (percent(table.accuracy[group]) for group in (SEEN, UNSEEN))
        chance, epochs = percent(configuration.chance), count(configuration.scored_epochs, "epoch")
        sentence = f"{configuration.label}: {seen} % right on seen devices and {unseen} % on unseen ones, "
        sentence += f"mean of the last {epochs} (chance {chance} %)."
        cost = row_of(table, UNSEEN)
        if not np.isnan(cost.change):
            interval = within(cost.change_low, cost.change_high, points)
            sentence += " On the same recordings, unseen devices change the accuracy of the final weights by "
            sentence += f"{points(cost.change)} points {interval}."
        sentences.append(sentence)
    first, *others = comparison.configurations
    for other, table in zip(others, comparison.differences, strict=True):
        for group in (UNSEEN, SEEN) if len(others) == 1 else (UNSEEN,):
            row = row_of(table, group)
            shown = verdict(row.low, row.high)
            if not shown:
                continue
            what = "no difference is shown" if shown == "none" else f"{other.label} is {shown}"
            change = f"{points(row.estimate)} points {within(row.low, row.high, points)}"
            sentences.append(f"{other.label} less {first.label}, {group[1]} devices: {change}; {what}.")
    return sentences


def cautions(comparison: Comparison) -> list[str]:
    """Say how the numbers are to be read, and where they are thin."""
    table, configurations = comparison.accuracies[0], comparison.configurations
    sentences = [
        "Intervals and differences are of the final weights. A difference whose interval holds zero counts as none."
    ]
    devices = int((table.loc[["device"]].clips > 0).sum())
    if comparison.differences and devices > 1:
        sentences.append(
            f"{devices} devices are compared, each at 95 %: one interval in twenty misses its true value by chance, so "
            "the pooled rows carry more than any single device."
        )
    seeds = min(len(configuration.seeds) for configuration in configurations)
    text = "Intervals are over locations; they do not hold what another training seed would change"
    if seeds < _SEEDS_OF_THE_PAPER:
        text += f", which {count(seeds, 'seed')} cannot tell (the paper trains {_SEEDS_OF_THE_PAPER})"
    sentences.append(f"{text}.")
    locations = int(table.locations["all", "all"])
    if locations < _FEW_LOCATIONS:
        sentences.append(f"Only {count(locations, 'location')} were tested: the intervals are too narrow.")
    if table.clips[UNSEEN] == 0:
        sentences.append("Every test device was trained on: there is nothing to say about unseen devices.")
    return sentences


def provenance(comparison: Comparison) -> str:
    """Say what made the numbers of a comparison: data set, split, preset, runs and clips."""
    configurations, table = comparison.configurations, comparison.accuracies[0]
    description = configurations[0].description
    data = description.get("data", {})
    made = [f"data set {data.get('name', 'unnamed')} {str(data.get('identity', ''))[:12]}".rstrip()]
    if split := _settings(description, "split"):
        made.append(f"split: {split}")
    presets = sorted({str(c.description["preset"]) for c in configurations if "preset" in c.description})
    if presets:
        made.append(f"preset {', '.join(presets)}")
    made.append(count(sum(len(c.seeds) for c in configurations), "run"))
    clips = count(int(table.clips["all", "all"]), "test clip")
    clips += f" ({table.clips[SEEN]:,} seen, {table.clips[UNSEEN]:,} unseen)"
    pairs = parallel_recordings(configurations[0].final)
    return "; ".join([*made, clips, f"{count(pairs, 'recording')} made by seen and unseen devices"])
