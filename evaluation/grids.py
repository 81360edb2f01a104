"""Tables as people read them: rounded, in percent, with their deviations; the same on paper and in the terminal."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pandas import DataFrame

from evaluation.accuracy import PARTS
from evaluation.grouping import Configuration, differing
from evaluation.report import Comparison, Result

_ABREAST = 3  # configurations side by side in one table
MISSING, MINUS = "–", "−"  # noqa: RUF001 what typographers set in tables of numbers


@dataclass(frozen=True)
class Grid:
    """A table of words: a row of a single cell is a heading over the rows that follow."""

    title: str
    headings: list[str]
    rows: list[list[str]]
    note: str = ""


def _rounded(share: float) -> float:
    """Percent to one decimal; what rounds to nothing has no sign."""
    return round(100 * share, 1) + 0.0


def percent(share: float) -> str:
    """71.2 for 0.712."""
    return MISSING if np.isnan(share) else f"{_rounded(share):.1f}".replace("-", MINUS)


def points(change: float) -> str:
    """+7.1 for 0.071: percentage points always carry their sign."""
    return MISSING if np.isnan(change) else f"{_rounded(change):+.1f}".replace("-", MINUS)


def within(low: float, high: float, form: Callable[[float], str] = percent) -> str:
    """[68.0, 74.1], or nothing where there is no interval."""
    return "" if np.isnan(low) else f"[{form(low)}, {form(high)}]"


def spread(mean: float, deviation: float, form: Callable[[float], str] = percent) -> str:
    """71.2 ± 0.8, without the deviation where a single seed has none."""
    return form(mean) if np.isnan(deviation) else f"{form(mean)} ± {form(deviation)}"


def nats(loss: float) -> str:
    """1.23, or a dash where there is no number."""
    return MISSING if np.isnan(loss) else f"{loss:.2f}"


def abreast(comparison: Comparison) -> Iterator[Sequence[Result]]:
    """Yield the results of a comparison, as many at a time as one table holds side by side."""
    for start in range(0, len(comparison.results), _ABREAST):
        yield comparison.results[start : start + _ABREAST]


def headline_grid(table: DataFrame, configurations: Sequence[Configuration]) -> Grid:
    """One row per configuration: what most readers come for."""
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
        "over seeds where there are several; seen = devices that the configuration was trained on; gap = seen less "
        "unseen, in points; macro = mean over scenes; log loss in nats, mean over scenes."
    )
    return Grid("Headline", ["configuration", "seeds", *(heading for _, heading, _ in columns)], rows, note)


def breakdown_grids(comparison: Comparison) -> list[Grid]:
    """Accuracy per scene and per city, on seen and unseen devices."""
    scenes = [_breakdown("scene", [(r.label, r.scenes) for r in results]) for results in abreast(comparison)]
    cities = [_breakdown("city", [(r.label, r.cities) for r in results]) for results in abreast(comparison)]
    return [*scenes, *cities]


def _breakdown(column: str, tables: Sequence[tuple[str, DataFrame]]) -> Grid:
    """Put the tables of several configurations, given with their labels, side by side."""
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
    """List the settings in which the configurations differ."""
    rows = [
        [name.replace("_", " "), *(_value(value) for value in values)]
        for name, values in differing(configurations).items()
    ]
    return Grid("Settings that differ", ["setting", *(c.label for c in configurations)], rows)
