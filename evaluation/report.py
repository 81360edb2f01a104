"""A report: one self-contained page, its tables as CSV and JSON, its plots as PNG and SVG."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from common.files import atomic_path, write_json, write_text
from evaluation import plots, words
from evaluation.accuracy import PARTS, confusion
from evaluation.grouping import Configuration, comparable
from evaluation.intervals import Bootstrap
from evaluation.page import Plot, page
from evaluation.tables import Comparison, breakdown, compare, difference_table, headline, labelled
from evaluation.words import count
from evaluation.writers import csv_text, records

# What a report may hold or not: removed before the next one is written, so that nothing old stands beside it.
_SOMETIMES = ("differences.csv", "confusion-*.csv", "plots/*.png", "plots/*.svg")


@dataclass(frozen=True)
class Report:
    """The numbers of a report.

    Parameters
    ----------
    title
        Of the page.
    configurations
        Everything reported, in the order given.
    comparisons
        The same, by what was tested on the same clips.
    bootstrap
        How the intervals were drawn.
    """

    title: str
    configurations: list[Configuration]
    comparisons: list[Comparison]
    bootstrap: Bootstrap


def make_report(configurations: Sequence[Configuration], title: str, bootstrap: Bootstrap) -> Report:
    """Compute the numbers of a report; nothing is written."""
    groups = comparable(configurations)
    return Report(title, list(configurations), [compare(group, bootstrap) for group in groups], bootstrap)


def write_report(report: Report, folder: Path) -> None:
    """Write the report into `folder`, in place of what an earlier report left there.

    Writes report.html, headline.csv, devices.csv, classes.csv, cities.csv, confusion-<configuration>-<part>.csv,
    differences.csv (where two configurations share their test clips), plots/*.png and *.svg, and report.json last. The
    bytes depend on the runs alone: not on the time, the locale, the process or the order of rows.

    Raises
    ------
    AscError
        If a file cannot be written.
    """
    for pattern in _SOMETIMES if (folder / "report.json").is_file() else ():
        for path in folder.glob(pattern):
            path.unlink()
    tables = _tables(report)
    for name, table in tables.items():
        write_text(folder / f"{name}.csv", csv_text(table))
    drawn = [list(_plots(comparison)) for comparison in report.comparisons]
    for plot in (plot for drawings in drawn for plot in drawings):
        for form, content in plot.drawn.items():
            with atomic_path(folder / "plots" / f"{plot.name}.{form}") as temporary:
                temporary.write_bytes(content)
    write_text(folder / "report.html", page(report.title, report.configurations, report.comparisons, drawn))
    write_json(folder / "report.json", _values(report, tables))


def _tables(report: Report) -> dict[str, DataFrame]:
    """Return the content of every CSV file by its name."""
    configurations = [configuration for comparison in report.comparisons for configuration in comparison.configurations]
    accuracies = [table for comparison in report.comparisons for table in comparison.accuracies]
    found = {
        "headline": headline(report.configurations),
        "devices": labelled(accuracies, configurations),
    }
    groups = [comparison.configurations for comparison in report.comparisons]
    for name, column in (("classes", "scene"), ("cities", "city")):
        found[name] = labelled([breakdown(c, column, group[0]) for group in groups for c in group], configurations)
    differences = [difference_table(comparison) for comparison in report.comparisons if comparison.differences]
    if differences:
        found["differences"] = pd.concat(differences, ignore_index=True)
    for configuration in configurations:
        for part, counts in _confusions(configuration).items():
            table = DataFrame(counts, columns=list(configuration.scenes))
            table.insert(0, "true scene", list(configuration.scenes))
            found[f"confusion-{_slug(configuration)}-{part}"] = table
    return found


def _slug(configuration: Configuration) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", configuration.name)


def _confusions(configuration: Configuration) -> dict[str, NDArray[np.int64]]:
    """Count what each clip was taken for, over the seeds and the last epochs, on seen and on unseen devices."""
    scored = configuration.scored
    parts = {part: scored[scored.seen == (part == "seen")] for part in PARTS}
    return {part: confusion(rows, configuration.scenes) for part, rows in parts.items() if len(rows)}


def _plots(comparison: Comparison) -> Iterator[Plot]:
    """Draw the plots of a comparison, in the page's order."""
    configurations = comparison.configurations
    name = _slug(configurations[0])
    tables = {c.label: table for c, table in zip(configurations, comparison.accuracies, strict=True)}
    trained = "were" if comparison.same_training_devices else f"{configurations[0].label} was"
    yield Plot(
        "devices",
        f"accuracy-by-device-{name}",
        f"Accuracy on every device, mean of the last {count(configurations[0].scored_epochs, 'epoch')} and all seeds; "
        f"bars are 95 % intervals over {comparison.held}. Devices that {trained} trained on are shaded; the "
        "dashed line is chance.",
        plots.accuracy_by_device(tables, configurations[0].chance),
    )
    for configuration in configurations:
        seeds, epochs = len(configuration.seeds), configuration.scored_epochs
        times = f" × {seeds} seeds" if seeds > 1 else ""  # noqa: RUF001 it is a product
        matrices = {
            f"{part} devices: {counts.sum() // seeds // epochs:,} clips{times}": counts
            for part, counts in _confusions(configuration).items()
        }
        yield Plot(
            "confusions",
            f"confusion-{_slug(configuration)}",
            f"{configuration.label}: how the clips of each scene were classified, in %, over the last "
            f"{count(epochs, 'epoch')} and all seeds.",
            plots.confusion_matrices(matrices, configuration.scenes),
        )
    yield Plot(
        "curves",
        f"learning-curves-{name}",
        "Training loss (on mixed-up, rolled clips) and accuracy after every epoch: the mean over seeds, seeds thin. "
        "Scores are means over the shaded epochs; the dashed line is chance.",
        plots.learning_curves(configurations),
    )
    example = next((c.example for c in configurations if c.example), None)
    if example:
        yield Plot(
            "example",
            f"one-recording-{name}",
            f"One recording on two devices (as Koutini 2021, Figure 2), and the mean difference: {example.recording}.",
            plots.recording_on_two_devices(example),
        )


def _values(report: Report, tables: dict[str, DataFrame]) -> dict[str, Any]:
    return {
        "title": report.title,
        "bootstrap": asdict(report.bootstrap),
        "configurations": [
            {
                "name": configuration.name,
                "words": words.in_words(configuration),
                "description": configuration.description,
                "seeds": configuration.seeds,
                "complexity": configuration.complexity,
            }
            for configuration in report.configurations
        ],
        "comparisons": [
            {
                "configurations": [configuration.name for configuration in comparison.configurations],
                "findings": words.findings(comparison),
                "cautions": words.cautions(comparison),
                "made_from": words.provenance(comparison),
            }
            for comparison in report.comparisons
        ],
        "tables": {name: records(table) for name, table in tables.items()},
    }
