"""The files of a report: a self-contained page, tables as CSV and JSON, plots as PNG and SVG."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame

from common.files import atomic_path, write_json, write_text
from evaluation.document import Document, slug
from evaluation.grouping import Configuration
from evaluation.page import render
from evaluation.report import Comparison, Report
from evaluation.writers import csv_text, records

# Files that only some reports have: removed before the next report is written, so that none of an earlier one is left.
_SOMETIMES = ("differences.csv", "confusion-*.csv", "plots/*.png", "plots/*.svg")


def write_report(report: Report, document: Document, folder: Path) -> None:
    """Write a report into `folder`, in place of an earlier report there.

    Writes report.html, headline.csv, devices.csv, classes.csv, cities.csv, confusion-<configuration>-<part>.csv,
    differences.csv (where two configurations share their test clips), plots/*.png and *.svg, and report.json last. The
    bytes depend on the runs alone: not on the time, the locale, the process or the order of rows.

    Parameters
    ----------
    report
        The numbers.
    document
        The same in sentences, tables and plots.
    folder
        Folder of the report; made where it does not exist.

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
    for plot in (plot for section in document.sections for plot in section.plots):
        for form, content in plot.drawn.items():
            with atomic_path(folder / "plots" / f"{plot.name}.{form}") as temporary:
                temporary.write_bytes(content)
    write_text(folder / "report.html", render("page.html.j2", **vars(document)))
    write_json(folder / "report.json", _values(report, document, tables))


def _tables(report: Report) -> dict[str, DataFrame]:
    """Return the content of every CSV file by its name."""
    results = [result for comparison in report.comparisons for result in comparison.results]
    configurations = [result.configuration for result in results]
    found = {
        "headline": report.headline,
        "devices": _labelled([result.groups for result in results], configurations),
        "classes": _labelled([result.scenes for result in results], configurations),
        "cities": _labelled([result.cities for result in results], configurations),
    }
    differences = [difference_table(comparison) for comparison in report.comparisons if comparison.differences]
    if differences:
        found["differences"] = pd.concat(differences, ignore_index=True)
    for result in results:
        scenes = list(result.configuration.scenes)
        for part, counts in result.confusions.items():
            table = DataFrame(counts, columns=scenes)
            table.insert(0, "true scene", scenes)
            found[f"confusion-{slug(result.configuration)}-{part}"] = table
    return found


def _labelled(tables: Sequence[DataFrame], configurations: Sequence[Configuration]) -> DataFrame:
    """Stack one table per configuration, the configuration's name in the first column."""
    names = [configuration.name for configuration in configurations]
    return pd.concat(tables, keys=names, names=["configuration"]).reset_index()


def difference_table(comparison: Comparison) -> DataFrame:
    """List every difference of a comparison: the two configurations, the group, estimate, interval and verdict."""
    rows = []
    for result, table in comparison.differences:
        named = table.rename(columns={"estimate": "difference"}).reset_index()
        named.insert(0, "configuration", result.configuration.name)
        named.insert(1, "compared_with", comparison.first.name)
        rows.append(named)
    return pd.concat(rows, ignore_index=True)


def _values(report: Report, document: Document, tables: dict[str, DataFrame]) -> dict[str, Any]:
    """Return the content of report.json."""
    return {
        "title": report.title,
        "bootstrap": asdict(report.bootstrap),
        "configurations": [
            {
                "name": configuration.name,
                "words": text,
                "description": configuration.description,
                "seeds": configuration.seeds,
                "complexity": configuration.complexity,
            }
            for configuration, text in document.configurations
        ],
        "comparisons": [
            {
                "configurations": [configuration.name for configuration in comparison.configurations],
                "findings": section.findings,
                "cautions": section.cautions,
                "made_from": section.made_from,
            }
            for comparison, section in zip(report.comparisons, document.sections, strict=True)
        ],
        "tables": {name: records(table) for name, table in tables.items()},
    }
