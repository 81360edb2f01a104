"""What a figure's points show of each other, on the same recordings; a difference inside its interval is none."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd

from evaluation.grouping import Configuration
from evaluation.intervals import Bootstrap, difference, loss_on_unseen
from evaluation.tables import row_of, verdict
from recipes.points import BASE, DAMPED, Point

_PARTS = ("unseen", "seen")
_COLUMNS = ["configuration", "compared_with", "part", "difference", "low", "high", "verdict"]


def name(point: Point) -> str:
    """Return what a point is called in tables and panels."""
    return f"{point.series}, W={point.width} D={point.depth} K={point.pointwise_depth}"


def _pairs(points: list[Point]) -> Iterator[tuple[Point, Point]]:
    """Yield what is compared: each point with the first of its series, and damped with base where all else is equal."""
    first: dict[str, Point] = {}
    for point in points:
        if first.setdefault(point.series, point) is not point:
            yield first[point.series], point
    for point in points:
        twin = replace(point, series=point.series.replace(DAMPED, BASE), damping=None)
        if point.damping is not None and twin in points:
            yield twin, point


def differences(found: Mapping[Point, Configuration]) -> pd.DataFrame:
    """Return one row per comparison and part, of the final weights of all seeds.

    `low` and `high` hold 95 % over locations. A point is also compared with itself: what it loses on unseen devices, on
    the recordings that seen ones made too.
    """
    bootstrap, rows = Bootstrap(), []
    for point, configuration in found.items():
        rows.append((name(point), "itself on seen devices", "unseen", loss_on_unseen(configuration.final, bootstrap)))
    for first, other in _pairs(list(found)):
        table = difference(found[first].final, found[other].final, bootstrap)
        rows += [(name(other), name(first), part, table) for part in _PARTS]
    return pd.DataFrame([_row(*row) for row in rows], columns=_COLUMNS)


def _row(configuration: str, compared_with: str, part: str, table: pd.DataFrame) -> list[str | float]:
    estimate, low, high = row_of(table, ("part", part))[["estimate", "low", "high"]].tolist()
    return [configuration, compared_with, part, estimate, low, high, verdict(low, high)]
