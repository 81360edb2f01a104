"""Tables by device: accuracy, macro accuracy, log loss, what a device costs, and differences of configurations."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from pandas import DataFrame, Series

from evaluation.accuracy import ALL
from evaluation.grids import MISSING, Grid, nats, percent, points, spread, within
from evaluation.tables import Comparison, row_of, sections

DAGGER = "†"
_OTHER_ROLE = "a device that this configuration was trained on and the first was not, or the other way round."


def _by_device(title: str, table: DataFrame, headings: list[str], note: str, cells: Callable[[Any], list[str]]) -> Grid:
    rows = []
    for heading, members in sections(table):
        rows += [[heading], *([name, *cells(index)] for name, index in members)]
    return Grid(title, ["device", *headings], rows, note)


def _grids(
    comparison: Comparison,
    title: str,
    note: str,
    columns: Callable[[str], list[str]],
    cells: Callable[["Series[Any]"], list[str]],
) -> list[Grid]:
    """Put the same columns of a few configurations side by side, a row for each device and group.

    Parameters
    ----------
    columns
        From a configuration's label to the headings of its columns.
    cells
        From a row of its table to the text in them.
    """
    found = []
    for configurations, tables in comparison.abreast():

        def row(index: tuple[str, str], tables: list[DataFrame] = tables) -> list[str]:
            shown = [f"{tables[0][name][index]:,}" for name in ("clips", "units")]
            role = tables[0].seen[index]
            for table in tables:
                other = index[0] == "device" and table.seen[index] != role
                texts = cells(row_of(table, index))
                shown += [texts[0] + DAGGER * other, *texts[1:]]
            return shown

        headings = ["clips", comparison.configurations[0].unit_name]
        headings += [heading for configuration in configurations for heading in columns(configuration.label)]
        grid = _by_device(title, tables[0], headings, note, row)
        marked = any(DAGGER in cell for cells_of in grid.rows for cell in cells_of)
        found.append(replace(grid, note=f"{note} {DAGGER} {_OTHER_ROLE}") if marked else grid)
    return found


def device_grids(comparison: Comparison) -> list[Grid]:
    """Accuracy per device and group of devices, a few configurations side by side."""
    note = (
        "Accuracy in %: mean of the last epochs and seeds (± standard deviation over seeds), and its 95 % interval "
        f"over {comparison.held}."
    )
    return _grids(
        comparison,
        "Accuracy by device",
        note,
        lambda label: [label, "95 % interval"],
        lambda row: [spread(row.accuracy, row.accuracy_sd_seeds), within(row.low, row.high)],
    )


def macro_grids(comparison: Comparison) -> list[Grid]:
    """Macro accuracy and log loss per device and group of devices."""
    macro = _grids(
        comparison,
        "Macro accuracy by device",
        f"Mean over scenes of each scene's accuracy, in %, and its 95 % interval over {comparison.held}.",
        lambda label: [label, "95 % interval"],
        lambda row: [percent(row.macro), within(row.macro_low, row.macro_high)],
    )
    loss = _grids(
        comparison,
        "Log loss by device",
        "Cross-entropy in nats, mean of the last epochs and seeds: over clips, and over the scenes' means (DCASE).",
        lambda label: [f"{label}, clips", "scenes"],
        lambda row: [nats(row.log_loss), nats(row.macro_log_loss)],
    )
    return [*macro, *loss]


def _change(row: "Series[Any]") -> str:
    interval = within(row.change_low, row.change_high, points)
    return f"{points(row.change)} {interval}".strip()


def cost_grids(comparison: Comparison) -> list[Grid]:
    """Tell what unseen devices cost on the same recordings; nothing where no recording was made by both."""
    if comparison.accuracies[0].change.isna().all():
        return []
    note = (
        "Points of accuracy on the unseen device less those on seen devices, mean of the last epochs and seeds, on "
        f"recordings that both made; 95 % interval over {comparison.held}."
    )
    if not comparison.same_training_devices:
        note += " Seen and unseen devices are each configuration's own."
    grids = []
    for configurations, tables in comparison.abreast():
        table = tables[0][tables[0].change.notna() & (tables[0].index != ALL)]

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
            p = MISSING if np.isnan(row.p_holm) else f"{row.p_holm:.3f}"
            return [points(row.estimate), within(row.low, row.high, points), p, row.verdict or MISSING]

        title = f"Difference: {other.label} less {first.label}"
        note = (
            "Points of accuracy, mean of the last epochs and seeds, on the same clips. An interval is of one row; "
            "p and verdict are corrected for the number of rows (Holm): unseen devices, other groups, single devices."
        )
        if table.p.isna().all():
            note = "Points of accuracy, mean of the last epochs, on the same clips. One seed gives no verdict."
        headings = ["difference", "95 % interval", "p (Holm)", "verdict"]
        grids.append(_by_device(title, comparison.accuracies[0], headings, note, cells))
    return grids
