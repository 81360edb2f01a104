"""Comparisons of a figure's points: each made once, however many series share a network."""

from dataclasses import replace

import pandas as pd
import pytest

from evaluation.grouping import Configuration
from evaluation.verdicts import holm
from models.weights.iterative import IterativePruning
from models.weights.scheme import Scheme
from models.weights.sparse import StaticSparsity
from recipes.comparisons import (
    damped_with_base,
    differences,
    iterative_with_static,
    name,
    sparse_with_dense,
    width_with_depth,
)
from recipes.points import BASE, DAMPED, DAMPING, Point, scene_run
from tests.evaluation.fake_runs import configuration, fake_clips

CLIPS = fake_clips(scenes=("bus", "park"), locations=2)


def runs(title: str, weakness: float, parameters: int = 1000) -> Configuration:
    found = configuration(f"{title}-x", CLIPS, seeds=(0, 1), epochs=(29,), weakness=weakness)
    return replace(found, complexity={"parameters": parameters, "nonzero_parameters": parameters})


def point(series: str, *weights: Scheme, **sizes: int) -> Point:
    return Point(series=series, run=scene_run("demo", weights=weights, **sizes))


@pytest.fixture(scope="module")
def found() -> dict[Point, Configuration]:
    """Figure 6: the dense networks stand in the series of both methods."""
    base, damped = runs("base", 1.0), runs("damped", 0.6)
    points = {}
    for method, scheme in (("static", StaticSparsity), ("iterative", IterativePruning)):
        points[point(f"{BASE}, {method}")] = base
        points[point(f"{DAMPED}, {method}", DAMPING)] = damped
        sparse = scheme(base_width=32)
        points[point(f"{BASE}, {method}", sparse, width=64)] = runs(f"base-{method}", 0.9)
        points[point(f"{DAMPED}, {method}", sparse, DAMPING, width=64)] = runs(f"damped-{method}", 0.5)
    return points


@pytest.fixture(scope="module")
def dense_and_sparse(found: dict[Point, Configuration]) -> pd.DataFrame:
    return differences(found, {"damped with base": damped_with_base})


def test_twins_of_sparse_networks_are_found(found: dict[Point, Configuration]) -> None:
    pairs = {(name(one), name(two)) for one, two in iterative_with_static(found)}
    assert pairs == {
        (f"{series}, static, W=64 D=1 K=1", f"{series}, iterative, W=64 D=1 K=1") for series in (BASE, DAMPED)
    }
    assert {(one.run.network.width, two.run.network.width) for one, two in sparse_with_dense(found)} == {(32, 64)}
    assert len(list(sparse_with_dense(found))) == 4
    assert all(one.run.damped == two.run.damped for one, two in sparse_with_dense(found))


def test_networks_of_two_series_are_compared_once(dense_and_sparse: pd.DataFrame) -> None:
    counts = dense_and_sparse.groupby(["question", "part"]).size()
    assert counts["unseen less seen", "unseen"] == 6
    assert counts["damped with base", "unseen"] == counts["damped with base", "seen"] == 3


def test_verdicts_are_corrected_within_a_question_and_part(dense_and_sparse: pd.DataFrame) -> None:
    for _, family in dense_and_sparse.groupby(["question", "part"]):
        assert family.p_holm.to_numpy() == pytest.approx(holm(family.p.to_numpy()), nan_ok=True)


def test_width_is_compared_with_depth_at_parameters_that_are_nearly_equal() -> None:
    deep = runs("deep", 1.0, 2000)
    found = {
        point("width", width=32): runs("narrow", 1.0, 1000),
        point("width", width=64): runs("wide", 0.8, 2500),
        point("depth", width=32, depth=2): deep,
        point("width and depth", width=32, depth=2): deep,
        point("depth", width=32, depth=5): runs("deepest", 1.0, 9000),
    }
    table = differences(found, {"width with depth": width_with_depth})
    table = table[table.question == "width with depth"]
    assert set(table.configuration) == {name(point("width", width=64))}
    assert set(table.compared_with) == {name(point("depth", width=32, depth=2))}
    assert len(table) == 2  # seen and unseen
