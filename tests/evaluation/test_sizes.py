"""Tables of what networks cost."""

from dataclasses import replace

from evaluation.grids import MISSING
from evaluation.sizes import complexity_grids
from tests.evaluation.fake_runs import configuration

RUN = configuration("run-x", epochs=(29,))


def test_limits_are_shown_beside_what_exceeds_them() -> None:
    operations, memory = complexity_grids([RUN])
    assert operations.rows[0] == ["run", "159,476", "60,000", "215.3", "29.0", "31.0 (over)"]
    assert memory.rows[0] == ["run", "637.9 (over)", "319.0 (over)", "159.5 (over)", "240.0", "120.0", "60.0"]
    assert operations.rows[-1][-1] == "30"
    assert memory.rows[-1][1:] == ["128"] * 3 + [MISSING] * 3
    for grid in (operations, memory):
        assert {len(row) for row in grid.rows} == {len(grid.headings)}


def test_what_a_run_does_not_say_is_left_blank() -> None:
    old = {"parameters": 159_476, "nonzero_parameters": 159_476, "macs": 215_300_000, "memory_bytes": 637_904}
    operations, memory = complexity_grids([replace(RUN, complexity=old)])
    assert operations.rows[0] == ["run", "159,476", "159,476", "215.3", MISSING, MISSING]
    assert memory.rows[0][1:] == [MISSING] * 6
