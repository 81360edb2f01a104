"""Differences between a figure's points, with verdicts: each figure makes the comparisons that its paper makes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from asc.scenes.maps import panel_name
from evaluation.bootstrap import Bootstrap
from evaluation.grouping import Configuration
from evaluation.intervals import difference, loss_on_unseen
from evaluation.tables import row_of
from evaluation.verdicts import judged
from models.weights.damping import Damping
from models.weights.iterative import IterativePruning
from models.weights.scheme import KeepsWeights
from models.weights.schemes import find_scheme
from models.weights.sparse import StaticSparsity
from recipes.points import BASE, DAMPED, Point

Found = Mapping[Point, Configuration]
Pairs = Callable[[Found], Iterator[tuple[Point, Point]]]
"""From a figure's points to the pairs of one question; the second of a pair is compared with the first."""

_PARTS = ("unseen", "seen")
_EQUAL = 1.5  # parameter counts within this factor count as equal
_COLUMNS = ["question", "configuration", "compared_with", "part", "estimate", "low", "high", "p"]


def name(point: Point) -> str:
    """Return the name of a point in tables and panels."""
    return f"{point.series}, {panel_name(point.run.network)}"


def _otherwise(point: Point, series: str, **changes: Any) -> Point:
    return replace(point, series=series, run=replace(point.run, **changes))


def damped_with_base(found: Found) -> Iterator[tuple[Point, Point]]:
    """Pair each damped network with the base network of the same size."""
    for point in found:
        weights = tuple(scheme for scheme in point.run.weights if not isinstance(scheme, Damping))
        twin = _otherwise(point, point.series.replace(DAMPED, BASE), weights=weights)
        if point.run.damped and twin in found:
            yield twin, point


def iterative_with_static(found: Found) -> Iterator[tuple[Point, Point]]:
    """Pair each iteratively pruned network with the static sparse one of the same size and number of weights."""
    for point in found:
        iterative = find_scheme(point.run.weights, IterativePruning)
        if not isinstance(iterative, IterativePruning):
            continue
        static = StaticSparsity(kept=iterative.kept, base_width=iterative.base_width)
        weights = tuple(static if scheme is iterative else scheme for scheme in point.run.weights)
        twin = _otherwise(point, point.series.replace("iterative", "static"), weights=weights)
        if twin in found:
            yield twin, point


def largest_with_smallest(found: Found) -> Iterator[tuple[Point, Point]]:
    """Pair the two ends of each series, by number of parameters."""
    for series in dict.fromkeys(point.series for point in found):
        members = sorted((point for point in found if point.series == series), key=lambda p: _parameters(found[p]))
        if len(members) > 1:
            yield members[0], members[-1]


def sparse_with_dense(found: Found) -> Iterator[tuple[Point, Point]]:
    """Pair each sparse network with the dense one that has as many weights: width at equal parameters."""
    for point in found:
        sparse = find_scheme(point.run.weights, KeepsWeights)
        if not isinstance(sparse, KeepsWeights):
            continue
        run = point.run
        network = replace(run.network, width=sparse.base_width or run.network.width)
        weights = tuple(scheme for scheme in run.weights if scheme is not sparse)
        dense = _otherwise(point, point.series, network=network, weights=weights)
        if dense in found:
            yield dense, point


def width_with_depth(found: Found) -> Iterator[tuple[Point, Point]]:
    """Pair each network of the other series with the one of the series `width` that is nearest in parameters.

    Pairs whose numbers of parameters differ by more than a factor of 1.5 are omitted.
    """
    wide = [point for point in found if point.series == "width"]
    for point in found:
        if point.series == "width" or not wide:
            continue
        apart = {other: _ratio(found[other], found[point]) for other in wide}
        nearest = min(wide, key=lambda other: apart[other])
        if apart[nearest] <= _EQUAL and replace(nearest, series=point.series) != point:
            yield point, nearest


def _parameters(configuration: Configuration) -> int:
    return int(configuration.complexity["parameters"])


def _ratio(first: Configuration, second: Configuration) -> float:
    """Return the ratio of the larger to the smaller number of parameters of two networks."""
    one, other = _parameters(first), _parameters(second)
    return max(one, other) / min(one, other)


def differences(found: Found, questions: Mapping[str, Pairs]) -> pd.DataFrame:
    """Return one row per comparison and part: mean of the last epochs over all seeds, on the same recordings.

    `low` and `high` are the ends of the row's own 95 % interval over seeds and held-out units; `p_holm` and `verdict`
    are corrected for the number of comparisons of a question on a part of the devices. Beside the questions, every
    point is compared with itself: what it loses on unseen devices, on the recordings that seen ones made too. Points of
    several series can share their runs; what is compared once is not compared again, nor corrected for.
    """
    bootstrap = Bootstrap()
    once: dict[str, tuple[Point, Configuration]] = {}
    for point, configuration in found.items():
        once.setdefault(configuration.name, (point, configuration))
    rows = [
        _row("unseen less seen", point, "itself on seen devices", "unseen", _loss(configuration, bootstrap))
        for point, configuration in once.values()
    ]
    for question, pairs in questions.items():
        compared = set()
        for first, other in pairs(found):
            one, two = found[first], found[other]
            if (one.name, two.name) in compared:
                continue
            compared.add((one.name, two.name))
            table = difference(one.averaged, two.averaged, one.unit, bootstrap)
            rows += [_row(question, other, name(first), part, table) for part in _PARTS]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return judged(table, table["question"] + ", " + table["part"]).rename(columns={"estimate": "difference"})


def _loss(configuration: Configuration, bootstrap: Bootstrap) -> pd.DataFrame:
    return loss_on_unseen(configuration.averaged, configuration.unit, bootstrap)


def _row(question: str, point: Point, compared_with: str, part: str, table: pd.DataFrame) -> dict[str, Any]:
    row = row_of(table, ("part", part))
    named = {"question": question, "configuration": name(point), "compared_with": compared_with, "part": part}
    return named | {column: row[column] for column in ("estimate", "low", "high", "p")}
