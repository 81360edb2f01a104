"""Grids and text: what numbers look like on the page and in the terminal."""

import numpy as np
import pytest

from evaluation import device_grids, grids
from evaluation.bootstrap import Bootstrap
from evaluation.grids import MINUS, MISSING
from evaluation.report import compare
from evaluation.tables import headline
from evaluation.text import grid_text, plain
from tests.evaluation.fake_runs import configuration, fake_clips

QUICK = Bootstrap(replicates=200)
RUNS = [configuration(f"run-{n}-x", epochs=(29,), weakness=1.0 - 0.2 * n) for n in range(5)]
COMPARISON = compare(RUNS, QUICK)


def test_numbers_are_rounded_signed_and_missing_as_readers_expect() -> None:
    assert grids.percent(0.71249) == "71.2"
    assert grids.percent(-0.004) == f"{MINUS}0.4"
    assert grids.points(-0.0004) == "+0.0"
    assert grids.points(0.0712) == "+7.1"
    assert grids.points(-0.0712) == f"{MINUS}7.1"
    assert grids.percent(np.nan) == grids.points(np.nan) == MISSING
    assert grids.within(0.68, 0.741) == "[68.0, 74.1]"
    assert grids.within(np.nan, np.nan) == ""
    assert grids.spread(0.712, 0.008) == "71.2 ± 0.8"
    assert grids.spread(0.712, np.nan) == "71.2"


@pytest.mark.parametrize(
    "found",
    [
        [grids.headline_grid(headline(RUNS), RUNS), grids.settings_grid(RUNS)],
        device_grids.device_grids(COMPARISON),
        device_grids.macro_grids(COMPARISON),
        device_grids.cost_grids(COMPARISON),
        device_grids.difference_grids(COMPARISON),
        grids.breakdown_grids(COMPARISON),
    ],
)
def test_every_row_is_as_long_as_its_headings_or_a_heading_itself(found: list[grids.Grid]) -> None:
    for grid in found:
        assert {len(row) for row in grid.rows} <= {1, len(grid.headings)}


def test_three_configurations_stand_abreast() -> None:
    assert [len(grid.headings) for grid in device_grids.cost_grids(COMPARISON)] == [1 + 3, 1 + 2]


def test_without_parallel_recordings_no_cost_is_shown() -> None:
    clips = fake_clips(locations=1)
    alone = configuration(clips=clips.assign(recording=clips["clip"]), epochs=(29,))
    assert device_grids.cost_grids(compare([alone], QUICK)) == []


def test_text_is_aligned_and_plain() -> None:
    grid = grids.Grid("Title ± 1", ["name", "x"], [["of all"], ["a", "1.0"], ["long name", f"{MINUS}10.0"]])
    assert grid_text(grid).splitlines() == [
        "Title +- 1",
        "",
        "name           x",
        "---------  -----",
        "of all",
        "a            1.0",
        "long name  -10.0",
    ]


def test_names_cannot_command_the_terminal() -> None:
    assert plain("a\x1b[2Jb\nc\rd") == "a?[2Jb?c?d"
