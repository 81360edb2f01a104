"""Tables as people read them: rounded, in percent, with their deviations; the same on paper and in the terminal."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pandas import DataFrame, Series

from evaluation.grouping import Configuration, differing
from evaluation.tables import Comparison, breakdown, row_of, sections, verdict

MISSING, MINUS = "–", "−"  # noqa: RUF001 what typographers set in tables of numbers
_ABREAST = 3  # configurations side by side in one table


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


def _nats(loss: float) -> str:
    return MISSING if np.isnan(loss) else f"{loss:.2f}"


def headline_grid(table: DataFrame, configurations: Sequence[Configuration]) -> Grid:
    """One row per configuration: what most readers come for."""
    columns: list[tuple[str, str, Callable[[float], str]]] = [
        ("seen", "seen", percent),
        ("unseen", "unseen", percent),
        ("gap", "gap", percent),
        ("macro_seen", "macro seen", percent),
        ("macro_unseen", "macro unseen", percent),
        ("log_loss_seen", "log loss seen", _nats),
        ("log_loss_unseen", "log loss unseen", _nats),
        ("device_sd", "sd over devices", percent),
    ]
    rows = [
        [configuration.label, str(row["seeds"])]
        + [spread(row[name], row[f"{name}_sd_seeds"], form) for name, _, form in columns]
        for configuration, (_, row) in zip(configurations, table.iterrows(), strict=True)
    ]
    note = (
        f"Accuracy in %: mean of the last {table.epochs_averaged.max()} epochs and all seeds, ± standard deviation "
        "over seeds where there are several; gap = seen less unseen, in points; macro = mean over scenes; log loss in "
        "nats."
    )
    return Grid("Headline", ["configuration", "seeds", *(heading for _, heading, _ in columns)], rows, note)


def _abreast(comparison: Comparison) -> Iterator[tuple[list[Configuration], list[DataFrame]]]:
    for start in range(0, len(comparison.configurations), _ABREAST):
        stop = start + _ABREAST
        yield comparison.configurations[start:stop], comparison.accuracies[start:stop]


def _by_device(title: str, table: DataFrame, headings: list[str], note: str, cells: Callable[[Any], list[str]]) -> Grid:
    rows = []
    for heading, members in sections(table):
        rows += [[heading], *([name, *cells(index)] for name, index in members)]
    return Grid(title, ["device", *headings], rows, note)


def device_grids(comparison: Comparison) -> list[Grid]:
    """Accuracy per device and group of devices, a few configurations side by side."""
    note = (
        "Accuracy in %: mean of the last epochs (± standard deviation over seeds), then of the final weights with its "
        "95 % interval over locations."
    )
    grids = []
    for configurations, tables in _abreast(comparison):

        def cells(index: tuple[str, str], tables: list[DataFrame] = tables) -> list[str]:
            found = [f"{tables[0][name][index]:,}" for name in ("clips", "locations")]
            for table in tables:
                row = row_of(table, index)
                interval = within(row.low, row.high)
                found += [spread(row.accuracy, row.accuracy_sd_seeds), f"{percent(row.final)} {interval}".strip()]
            return found

        headings = ["clips", "locations"]
        for configuration in configurations:
            headings += [configuration.label, "final weights [95 %]"]
        grids.append(_by_device("Accuracy by device", tables[0], headings, note, cells))
    return grids


def _change(row: "Series[Any]") -> str:
    interval = within(row.change_low, row.change_high, points)
    return f"{points(row.change)} {interval}".strip()


def cost_grids(comparison: Comparison) -> list[Grid]:
    """Tell what unseen devices cost on the same recordings; nothing where no recording was made by both."""
    if comparison.accuracies[0].change.isna().all():
        return []
    note = (
        "Points of accuracy on the unseen device less those on seen devices, of the final weights, only on recordings "
        "that both made; 95 % interval over locations."
    )
    grids = []
    for configurations, tables in _abreast(comparison):
        table = tables[0][tables[0].change.notna() & (tables[0].index != ("all", "all"))]

        def cells(index: tuple[str, str], tables: list[DataFrame] = tables) -> list[str]:
            return [_change(row_of(table, index)) for table in tables]

        headings = [configuration.label for configuration in configurations]
        grids.append(_by_device("What the device costs, on the same recordings", table, headings, note, cells))
    return grids


def difference_grids(comparison: Comparison) -> list[Grid]:
    """Each configuration less the first, on the same clips."""
    first, *others = comparison.configurations
    grids = []
    for other, table in zip(others, comparison.differences, strict=True):

        def cells(index: tuple[str, str], table: DataFrame = table) -> list[str]:
            row = row_of(table, index)
            return [points(row.estimate), within(row.low, row.high, points), verdict(row.low, row.high) or MISSING]

        title = f"Difference: {other.label} less {first.label}"
        note = "Points of accuracy of the final weights on the same clips; an interval that holds zero shows none."
        headings = ["difference", "95 % interval", "verdict"]
        grids.append(_by_device(title, comparison.accuracies[0], headings, note, cells))
    return grids


def breakdown_grids(comparison: Comparison, column: str) -> list[Grid]:
    """Accuracy per scene or city, on seen and unseen devices."""
    grids = []
    for configurations, _ in _abreast(comparison):
        tables = [breakdown(configuration, column) for configuration in configurations]
        headings, rows = [column], [[str(name)] for name in tables[0].index]
        for part in ("seen", "unseen"):
            headings += [f"clips {part}", *(f"{configuration.label}, {part}" for configuration in configurations)]
            for row, name in zip(rows, tables[0].index, strict=True):
                row += [
                    f"{tables[0].loc[name, f'{part}_clips']:,}",
                    *(percent(table.loc[name, part]) for table in tables),
                ]
        grids.append(
            Grid(f"Accuracy by {column}", headings, rows, "Accuracy in %, mean of the last epochs of every seed.")
        )
    return grids


def settings_grid(configurations: Sequence[Configuration]) -> Grid:
    """List the settings in which the configurations differ."""
    rows = [
        [name.replace("_", " "), *("none" if value is None else str(value) for value in values)]
        for name, values in differing(configurations).items()
    ]
    return Grid("Settings that differ", ["setting", *(c.label for c in configurations)], rows)
