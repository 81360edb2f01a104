"""The report as people read it: sentences, tables and plots, each made once from the numbers of a `report.Report`.

The page, the terminal and report.json show parts of the same document.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluation import device_grids, grids, plots, words
from evaluation.grids import Grid
from evaluation.grouping import Configuration
from evaluation.report import Comparison, Report, Result
from evaluation.sizes import complexity_grids
from evaluation.style import Plot
from evaluation.words import count


@dataclass(frozen=True, kw_only=True)
class Section:
    """One comparison of a report.

    Parameters
    ----------
    title
        Labels of its configurations.
    findings, cautions
        Sentences: what the numbers show, and how to read them.
    made_from
        Data set, split, runs and clips behind the numbers.
    devices, macro, costs, differences, breakdowns
        Tables: accuracy by device, macro accuracy and log loss, change on unseen devices, differences from the first
        configuration, accuracy by scene and by city.
    plots
        Plots, in the order of the page.
    """

    title: str
    findings: Sequence[str]
    cautions: Sequence[str]
    made_from: str
    devices: Sequence[Grid]
    macro: Sequence[Grid]
    costs: Sequence[Grid]
    differences: Sequence[Grid]
    breakdowns: Sequence[Grid]
    plots: Sequence[Plot]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A report in sentences, tables and plots.

    Parameters
    ----------
    title
        Heading of the page.
    configurations
        Every configuration with its settings in words.
    headline, settings
        Tables: one row per configuration, and the settings in which they differ.
    complexity
        Tables of the networks' sizes.
    sections
        One per comparison.
    """

    title: str
    configurations: Sequence[tuple[Configuration, str]]
    headline: Grid
    settings: Grid
    complexity: Sequence[Grid]
    sections: Sequence[Section]


def lay_out(report: Report) -> Document:
    """Put the numbers of a report into sentences, tables and plots."""
    configurations = report.configurations
    return Document(
        title=report.title,
        configurations=[(configuration, words.in_words(configuration)) for configuration in configurations],
        headline=grids.headline_grid(report.headline, configurations),
        settings=grids.settings_grid(configurations),
        complexity=complexity_grids(configurations),
        sections=[_section(comparison) for comparison in report.comparisons],
    )


def _section(comparison: Comparison) -> Section:
    return Section(
        title=", ".join(result.label for result in comparison.results),
        findings=words.findings(comparison),
        cautions=words.cautions(comparison),
        made_from=words.provenance(comparison),
        devices=device_grids.device_grids(comparison),
        macro=device_grids.macro_grids(comparison),
        costs=device_grids.cost_grids(comparison),
        differences=device_grids.difference_grids(comparison),
        breakdowns=grids.breakdown_grids(comparison),
        plots=list(_plots(comparison)),
    )


def slug(configuration: Configuration) -> str:
    """Return the configuration's name as part of a file name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", configuration.name)


def _plots(comparison: Comparison) -> Iterator[Plot]:
    """Draw the plots of a comparison, in the order of the page."""
    configurations = comparison.configurations
    name = slug(comparison.first)
    yield _accuracy_plot(comparison, f"accuracy-by-device-{name}")
    for result in comparison.results:
        yield _confusion_plot(result)
    yield Plot(
        "curves",
        f"learning-curves-{name}",
        "Training loss on augmented clips and test accuracy after every epoch: mean over seeds, single seeds as thin "
        "lines. Reported accuracies are means over the shaded epochs; the dashed line is chance level.",
        plots.learning_curves(configurations),
    )
    example = next((c.example for c in configurations if c.example), None)
    if example:
        yield Plot(
            "example",
            f"one-recording-{name}",
            f"Spectrograms of {example.recording} by two devices, and their mean difference (as in Koutini 2021, "
            "Figure 2).",
            plots.recording_on_two_devices(example),
        )


def _accuracy_plot(comparison: Comparison, name: str) -> Plot:
    first = comparison.first
    tables = {result.label: result.groups for result in comparison.results}
    shaded = "Devices used for training" if comparison.same_training_devices else f"Training devices of {first.label}"
    caption = (
        f"Accuracy on every device, mean of the last {count(first.scored_epochs, 'epoch')} and all seeds; "
        f"bars are 95 % intervals over {comparison.held}. {shaded} are shaded; the dashed line is chance level."
    )
    return Plot("devices", name, caption, plots.accuracy_by_device(tables, first.chance))


def _confusion_plot(result: Result) -> Plot:
    configuration = result.configuration
    seeds, epochs = len(configuration.seeds), configuration.scored_epochs
    times = f" × {seeds} seeds" if seeds > 1 else ""  # noqa: RUF001 it is a product
    matrices = {
        f"{part} devices: {counts.sum() // seeds // epochs:,} clips{times}": counts
        for part, counts in result.confusions.items()
    }
    caption = (
        f"{configuration.label}: predictions for the clips of each scene, in %, over the last "
        f"{count(epochs, 'epoch')} and all seeds."
    )
    drawn = plots.confusion_matrices(matrices, configuration.scenes)
    return Plot("confusions", f"confusion-{slug(configuration)}", caption, drawn)
