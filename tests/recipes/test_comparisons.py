"""Comparisons of a figure's points: each made once, however many series share a network."""

from dataclasses import replace

import pandas as pd
import pytest

from evaluation.grouping import Configuration
from evaluation.verdicts import holm
from recipes.comparisons import damped_with_base, differences, name, width_with_depth
from recipes.points import BASE, DAMPED, DAMPING, Point
from tests.evaluation.fake_runs import configuration, fake_clips

CLIPS = fake_clips(scenes=("bus", "park"), locations=2)


def runs(title: str, weakness: float, parameters: int = 1000) -> Configuration:
    found = configuration(f"{title}-x", CLIPS, seeds=(0, 1), epochs=(29,), weakness=weakness)
    return replace(found, complexity={"parameters": parameters, "nonzero_parameters": parameters})


@pytest.fixture(scope="module")
def dense_and_sparse() -> pd.DataFrame:
    """Figure 6: the dense networks stand in the series of both methods."""
    base, damped = runs("base", 1.0), runs("damped", 0.6)
    found = {}
    for method in ("static", "iterative"):
        found[Point(series=f"{BASE}, {method}")] = base
        found[Point(series=f"{DAMPED}, {method}", damping=DAMPING)] = damped
        sparse = {"width": 64, "sparse": method, "base_width": 32}
        found[Point(series=f"{BASE}, {method}", **sparse)] = runs(f"base-{method}", 0.9)
        found[Point(series=f"{DAMPED}, {method}", damping=DAMPING, **sparse)] = runs(f"damped-{method}", 0.5)
    return differences(found, {"damped with base": damped_with_base})


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
        Point(series="width", width=32): runs("narrow", 1.0, 1000),
        Point(series="width", width=64): runs("wide", 0.8, 2500),
        Point(series="depth", width=32, depth=2): deep,
        Point(series="width and depth", width=32, depth=2): deep,
        Point(series="depth", width=32, depth=5): runs("deepest", 1.0, 9000),
    }
    table = differences(found, {"width with depth": width_with_depth})
    table = table[table.question == "width with depth"]
    assert set(table.configuration) == {name(Point(series="width", width=64))}
    assert set(table.compared_with) == {name(Point(series="depth", width=32, depth=2))}
    assert len(table) == 2  # seen and unseen
