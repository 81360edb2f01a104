"""Tables with a row for each device: accuracy, macro accuracy, log loss, change on unseen devices, differences."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from pandas import DataFrame

from evaluation.accuracy import ALL
from evaluation.grids import MISSING, Grid, abreast, nats, percent, points, spread, within
from evaluation.report import Comparison, Result
from evaluation.tables import rows_of, sections

DAGGER = "†"
_OTHER_ROLE = "a device that this configuration was trained on and the first was not, or the other way round."


def _by_device(
    title: str, table: DataFrame, headings: list[str], note: str, cells: Mapping[tuple[str, str], list[str]]
) -> Grid:
    """Lay out a table with a row for each device and group of devices, in the sections of `table`.

    Parameters
    ----------
    headings
        Headings of the columns after the first.
    cells
        Text in these columns, for every index of `table`.
    """
    rows = []
    for heading, members in sections(table):
        rows += [[heading], *([name, *cells[index]] for name, index in members)]
    return Grid(title, ["device", *headings], rows, note)


def _side_by_side(
    comparison: Comparison,
    title: str,
    note: str,
    columns: Callable[[str], list[str]],
    cells: Callable[[Any], list[str]],
) -> list[Grid]:
    """Put the same columns of a few configurations side by side, a row for each device and group.

    Parameters
    ----------
    columns
        From a configuration's label to the headings of its columns.
    cells
        From a row of `Result.groups` to the text in these columns.
    """
    grids = []
    for results in abreast(comparison):
        tables = [rows_of(result.groups) for result in results]
        shown = {index: [f"{row.clips:,}", f"{row.units:,}"] for index, row in tables[0].items()}
        for index, texts in shown.items():
            for table in tables:
                first, *others = cells(table[index])
                other_role = index[0] == "device" and table[index].seen != tables[0][index].seen
                texts += [first + DAGGER * other_role, *others]
        headings = ["clips", comparison.first.unit_name]
        headings += [heading for result in results for heading in columns(result.label)]
        grid = _by_device(title, results[0].groups, headings, note, shown)
        marked = any(DAGGER in cell for row in grid.rows for cell in row)
        grids.append(replace(grid, note=f"{note} {DAGGER} {_OTHER_ROLE}") if marked else grid)
    return grids


def device_grids(comparison: Comparison) -> list[Grid]:
    """Show the accuracy on each device and group of devices."""
    note = (
        "Accuracy in %: mean of the last epochs and seeds (± standard deviation over seeds), and its 95 % interval "
        f"over {comparison.held}."
    )
    return _side_by_side(
        comparison,
        "Accuracy by device",
        note,
        lambda label: [label, "95 % interval"],
        lambda row: [spread(row.accuracy, row.accuracy_sd_seeds), within(row.low, row.high)],
    )


def macro_grids(comparison: Comparison) -> list[Grid]:
    """Show the macro accuracy and the log loss on each device and group of devices."""
    macro = _side_by_side(
        comparison,
        "Macro accuracy by device",
        f"Mean over scenes of each scene's accuracy, in %, and its 95 % interval over {comparison.held}.",
        lambda label: [label, "95 % interval"],
        lambda row: [percent(row.macro), within(row.macro_low, row.macro_high)],
    )
    loss = _side_by_side(
        comparison,
        "Log loss by device",
        "Cross-entropy in nats, mean of the last epochs and seeds: mean over clips, and mean over scenes of each "
        "scene's mean, as in DCASE.",
        lambda label: [f"{label}, clips", "scenes"],
        lambda row: [nats(row.log_loss), nats(row.macro_log_loss)],
    )
    return [*macro, *loss]


def _change(row: Any) -> str:
    interval = within(row.change_low, row.change_high, points)
    return f"{points(row.change)} {interval}".strip()


def cost_grids(comparison: Comparison) -> list[Grid]:
    """Show the change of accuracy on unseen devices on the same recordings; no table if no recordings are shared."""
    if comparison.results[0].groups.change.isna().all():
        return []
    title = "Change on unseen devices, same recordings"
    note = (
        "Accuracy on the unseen device minus accuracy on seen devices, in percentage points, on recordings made by "
        f"both: mean of the last epochs and seeds, and 95 % interval over {comparison.held}."
    )
    if not comparison.same_training_devices:
        note += " Seen devices are those that the configuration itself was trained on."
    grids = []
    for results in abreast(comparison):
        first, tables = results[0].groups, [rows_of(result.groups) for result in results]
        cells = {index: [_change(table[index]) for table in tables] for index in tables[0]}
        shown = first[first.change.notna() & (first.index != ALL)]
        grids.append(_by_device(title, shown, [result.label for result in results], note, cells))
    return grids


def difference_grids(comparison: Comparison) -> list[Grid]:
    """Show the differences of each configuration from the first, on the same clips."""
    return [_difference_grid(comparison.results[0], result, table) for result, table in comparison.differences]


def _difference_grid(first: Result, other: Result, table: DataFrame) -> Grid:
    note = (
        "Difference of accuracy in percentage points, on the same clips, mean of the last epochs and seeds. Intervals "
        "are not corrected for multiple comparisons. p-values and verdicts are (Holm), within each of three families "
        "of rows: unseen devices, other groups, single devices."
    )
    if table.p.isna().all():
        note = (
            "Difference of accuracy in percentage points, on the same clips, mean of the last epochs. A single seed "
            "gives no verdict."
        )
    cells = {
        index: [
            points(row.estimate),
            within(row.low, row.high, points),
            MISSING if np.isnan(row.p_holm) else f"{row.p_holm:.3f}",
            row.verdict or MISSING,
        ]
        for index, row in rows_of(table).items()
    }
    headings = ["difference", "95 % interval", "p (Holm)", "verdict"]
    return _by_device(f"Difference: {other.label} minus {first.label}", first.groups, headings, note, cells)
