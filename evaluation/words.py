"""Sentences of a report: configurations in words, findings, limits of the evidence, and origin of the numbers."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from evaluation.accuracy import SEEN, UNSEEN
from evaluation.grids import percent, points, within
from evaluation.grouping import Configuration
from evaluation.report import Comparison, Result
from evaluation.tables import row_of
from evaluation.verdicts import UNDECIDED, least_difference

_FEW_UNITS = 20  # with fewer clusters, bootstrap intervals are too narrow
_SEEDS_OF_THE_PAPER = 3


def count(number: int, thing: str) -> str:
    """Return a number with its noun, in the plural where needed.

    Examples
    --------
    >>> count(1, "seed"), count(1620, "clip")
    ('1 seed', '1,620 clips')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _setting(name: str, value: Any) -> str:
    name = name.replace("_", " ")
    if value is None or value is False:
        return f"no {name}"
    if isinstance(value, list):
        value = " ".join(map(str, value))
    return name if value is True else f"{name} {value}"


def _settings(settings: Mapping[str, Any]) -> str:
    """Return settings in words; one of a family begins with its kind."""
    named = {name: value for name, value in settings.items() if name != "kind"}
    kind = [str(settings["kind"])] if "kind" in settings else []
    return " ".join(kind + ([", ".join(_setting(name, value) for name, value in named.items())] if named else []))


def _split(description: Mapping[str, Any]) -> str:
    return _settings(description.get("data", {}).get("split", {}))


def _entries(entries: Iterable[Mapping[str, Any]]) -> str:
    return " + ".join(_settings(entry) for entry in entries)


def in_words(configuration: Configuration) -> str:
    """Describe a configuration: data, network, weights, split, training and seeds."""
    description = configuration.description
    known = {
        "network": _settings(description.get("network", {})),
        "initial weights": description.get("start", {}).get("init", ""),
        "weights": _entries(description.get("weights", [])) or "dense" * ("weights" in description),
        "split": _split(description),
    }
    parts = [f"{part}: {text}" for part, text in known.items() if text]
    data = description.get("data", {})
    if data:
        parts.insert(0, f"data: {data.get('name', '?')} {str(data.get('identity', ''))[:12]}")
    training = description.get("training", {})
    if "epochs" in training:
        parts.append(f"training: {count(training['epochs'], 'epoch')}, batches of {training.get('batch_size', '?')}")
    if augmentations := _entries(training.get("augmentations", [])):
        parts.append(f"augmentations: {augmentations}")
    parts.append(f"seed{'s' * (len(configuration.seeds) > 1)} {', '.join(map(str, configuration.seeds))}")
    return "; ".join(parts)


def findings(comparison: Comparison) -> list[str]:
    """Return a sentence on the accuracy of each configuration, and one on each difference from the first."""
    accuracies = [_accuracies(result) for result in comparison.results]
    return [*accuracies, *_differences(comparison)]


def _accuracies(result: Result) -> str:
    table, configuration = result.groups, result.configuration
    seen, unseen = (percent(table.accuracy[group]) for group in (SEEN, UNSEEN))
    chance, epochs = percent(configuration.chance), count(configuration.scored_epochs, "epoch")
    right = f"accuracy {seen} % on seen devices and {unseen} % on unseen devices"
    if table.clips[UNSEEN] == 0:
        right = f"accuracy {seen} % on all test devices"
    sentence = f"{configuration.label}: {right}, mean of the last {epochs}; chance level {chance} %."
    cost = row_of(table, UNSEEN)
    if not np.isnan(cost.change):
        interval = within(cost.change_low, cost.change_high, points)
        sentence += " On the same recordings, the accuracy on unseen devices differs by "
        sentence += f"{points(cost.change)} points {interval}".rstrip() + "."
    return sentence


def _differences(comparison: Comparison) -> list[str]:
    sentences = []
    groups = (UNSEEN, SEEN) if len(comparison.differences) == 1 else (UNSEEN,)
    for result, table in comparison.differences:
        for group in groups:
            row = row_of(table, group)
            if np.isnan(row.estimate):
                continue
            change = f"{points(row.estimate)} points {within(row.low, row.high, points)}".rstrip()
            what = f"{result.label} minus {comparison.first.label}, {group[1]} devices"
            sentences.append(f"{what}: {change}; {_said(row, result.label)}.")
    return sentences


def _said(row: Any, label: str) -> str:
    """Put the verdict of a difference into words."""
    if row.verdict == UNDECIDED:
        return "no verdict"
    return "no significant difference" if row.verdict == "none" else f"{label} is {row.verdict}"


def cautions(comparison: Comparison) -> list[str]:
    """Return sentences on how to read the numbers, and on limits of the evidence."""
    table, first = comparison.results[0].groups, comparison.first
    seeds = min(len(configuration.seeds) for configuration in comparison.configurations)
    judged = any(differences.p.notna().any() for _, differences in comparison.differences)
    epochs = count(first.scored_epochs, "epoch")
    sentences = [
        f"Every accuracy and difference is a mean over the last {epochs}; its 95 % interval is over {comparison.held}."
    ]
    if seeds == 1:
        sentences.append(_one_seed(comparison))
    if judged:
        sentences.append(
            "Verdicts are corrected for multiple comparisons (Holm) within each of three families: unseen devices, "
            "other groups, single devices. In a family without a true difference, one study in twenty finds one by "
            "chance."
        )
    if seeds > 1 and seeds < _SEEDS_OF_THE_PAPER:
        sentences.append(f"Intervals from {count(seeds, 'seed')} are wide; Koutini 2021 trains {_SEEDS_OF_THE_PAPER}.")
    units = int(table.units["all", "all"])
    if units < _FEW_UNITS:
        sentences.append(f"Only {units} {first.unit_name} were tested: the intervals are rough estimates.")
    if not comparison.same_training_devices:
        sentences.append(
            "The configurations were trained on different devices. In tables and differences, seen and unseen devices "
            f"are those of {first.label}; in the headline and in the change on the same recordings, those of each "
            "configuration."
        )
    sentences += _scenes_apart(comparison)
    if table.clips[UNSEEN] == 0:
        trained = "for training" if comparison.same_training_devices else f"to train {first.label}"
        sentences.append(f"Every test device was used {trained}: tables and differences have no unseen devices.")
    return sentences


def _scenes_apart(comparison: Comparison) -> list[str]:
    """Name the devices that were not tested on every scene."""
    if not comparison.missing:
        return []
    shown = "; ".join(f"{device} lacks {', '.join(scenes)}" for device, scenes in comparison.missing.items())
    return [
        f"Not every device was tested on every scene ({shown}): the accuracies of devices, and the gap, are over "
        "different scenes. The change on the same recordings is not affected."
    ]


def _one_seed(comparison: Comparison) -> str:
    """Explain why a single seed gives no verdict, and which differences more seeds can detect."""
    seeds = (2, _SEEDS_OF_THE_PAPER, 5)
    single = ", ".join(c.label for c in comparison.configurations if len(c.seeds) == 1)
    text = f"With a single seed ({single}), the effect of a configuration cannot be separated from that of the seed: "
    text += "there is no verdict" if comparison.differences else "it cannot be compared with another configuration"
    return (
        f"{text}. Train more seeds (--seed 1, --seed 2). If the standard deviation of the accuracy over seeds is one "
        f"point, the smallest detectable difference in points is {least_difference(seeds)}."
    )


def provenance(comparison: Comparison) -> str:
    """Name the data set, split, preset, runs and clips behind the numbers of a comparison."""
    configurations, table = comparison.configurations, comparison.results[0].groups
    description = comparison.first.description
    data = description.get("data", {})
    made = [f"data set {data.get('name', 'unnamed')} {str(data.get('identity', ''))[:12]}".rstrip()]
    if splits := [
        split for c in configurations if (split := _settings(c.description.get("data", {}).get("split", {})))
    ]:
        made.append(f"split: {' / '.join(dict.fromkeys(splits))}")
    presets = sorted({str(c.description["preset"]) for c in configurations if "preset" in c.description})
    if presets:
        made.append(f"preset {', '.join(presets)}")
    made.append(count(sum(len(c.seeds) for c in configurations), "run"))
    clips = count(int(table.clips["all", "all"]), "test clip")
    clips += f" ({table.clips[SEEN]:,} from seen devices, {table.clips[UNSEEN]:,} from unseen devices)"
    return "; ".join([*made, clips, f"{count(comparison.parallel, 'recording')} made by both seen and unseen devices"])
