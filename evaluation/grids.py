"""Tables of text for the page and the terminal: rounded, in percent, with deviations and intervals."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pandas import DataFrame

from evaluation.accuracy import PARTS
from evaluation.grouping import Configuration, differing
from evaluation.report import Comparison, Result

_ABREAST = 3  # configurations side by side in one table
MISSING, MINUS = "–", "−"  # noqa: RUF001 en dash and minus sign


@dataclass(frozen=True)
class Grid:
    """A table of text.

    Parameters
    ----------
    title
        Heading of the table.
    headings
        Headings of the columns.
    rows
        Cells of every row. A row with a single cell is a heading for the rows below it.
    note
        Text below the table.
    """

    title: str
    headings: list[str]
    rows: list[list[str]]
    note: str = ""


def _rounded(share: float) -> float:
    """Convert a share to percent with one decimal, without a minus sign before zero."""
    return round(100 * share, 1) + 0.0


def percent(share: float) -> str:
    """Format a share in percent.

    Examples
    --------
    >>> percent(0.712)
    '71.2'
    """
    return MISSING if np.isnan(share) else f"{_rounded(share):.1f}".replace("-", MINUS)


def points(change: float) -> str:
    """Format a change of a share in percentage points, always with its sign.

    Examples
    --------
    >>> points(0.071)
    '+7.1'
    """
    return MISSING if np.isnan(change) else f"{_rounded(change):+.1f}".replace("-", MINUS)


def within(low: float, high: float, form: Callable[[float], str] = percent) -> str:
    """Format an interval; empty if its ends are NaN.

    Examples
    --------
    >>> within(0.68, 0.741)
    '[68.0, 74.1]'
    """
    return "" if np.isnan(low) else f"[{form(low)}, {form(high)}]"


def spread(mean: float, deviation: float, form: Callable[[float], str] = percent) -> str:
    """Format a mean and its standard deviation, which is left out if it is NaN.

    Examples
    --------
    >>> spread(0.712, 0.008)
    '71.2 ± 0.8'
    """
    return form(mean) if np.isnan(deviation) else f"{form(mean)} ± {form(deviation)}"


def nats(loss: float) -> str:
    """Format a log loss; a dash for NaN."""
    return MISSING if np.isnan(loss) else f"{loss:.2f}"


def abreast(comparison: Comparison) -> Iterator[Sequence[Result]]:
    """Yield the results of a comparison in groups that fit side by side into one table."""
    for start in range(0, len(comparison.results), _ABREAST):
        yield comparison.results[start : start + _ABREAST]


def headline_grid(table: DataFrame, configurations: Sequence[Configuration]) -> Grid:
    """Show the headline: a row per configuration.

    Parameters
    ----------
    table
        See `tables.headline`.
    configurations
        The configurations, in the order of the table.
    """
    columns: list[tuple[str, str, Callable[[float], str]]] = [
        ("seen", "seen", percent),
        ("unseen", "unseen", percent),
        ("gap", "gap", percent),
        ("macro_seen", "macro seen", percent),
        ("macro_unseen", "macro unseen", percent),
        ("macro_log_loss_seen", "log loss seen", nats),
        ("macro_log_loss_unseen", "log loss unseen", nats),
        ("device_sd", "sd over devices", percent),
    ]
    rows = [
        [configuration.label, str(row["seeds"])]
        + [spread(row[name], row[f"{name}_sd_seeds"], form) for name, _, form in columns]
        for configuration, (_, row) in zip(configurations, table.iterrows(), strict=True)
    ]
    note = (
        f"Accuracy in %: mean of the last {table.epochs_averaged.max()} epochs and all seeds, ± standard deviation "
        "over seeds where there are several; seen = devices that the configuration was trained on; gap = seen minus "
        "unseen, in percentage points; macro = mean over scenes; log loss in nats, mean over scenes; sd over devices "
        "= standard deviation of the accuracy over devices, in percentage points."
    )
    return Grid("Headline", ["configuration", "seeds", *(heading for _, heading, _ in columns)], rows, note)


def breakdown_grids(comparison: Comparison) -> list[Grid]:
    """Show the accuracy per scene and per city, on seen and unseen devices."""
    scenes = [_breakdown("scene", [(r.label, r.scenes) for r in results]) for results in abreast(comparison)]
    cities = [_breakdown("city", [(r.label, r.cities) for r in results]) for results in abreast(comparison)]
    return [*scenes, *cities]


def _breakdown(column: str, tables: Sequence[tuple[str, DataFrame]]) -> Grid:
    """Put the breakdowns of several configurations, given with their labels, side by side."""
    first = tables[0][1]
    headings, rows = [column], [[str(name)] for name in first.index]
    for part in PARTS:
        headings += [f"clips {part}", *(f"{label}, {part}" for label, _ in tables)]
        for row, name in zip(rows, first.index, strict=True):
            row.append(f"{first.loc[name, f'{part}_clips']:,}")
            row += [percent(table.loc[name, part]) for _, table in tables]
    return Grid(f"Accuracy by {column}", headings, rows, "Accuracy in %, mean of the last epochs of every seed.")


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return "none" if value is None else str(value)


def settings_grid(configurations: Sequence[Configuration]) -> Grid:
    """Show the settings in which the configurations differ."""
    rows = [
        [name.replace("_", " "), *(_value(value) for value in values)]
        for name, values in differing(configurations).items()
    ]
    return Grid("Settings that differ", ["setting", *(c.label for c in configurations)], rows)
