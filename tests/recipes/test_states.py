"""What a dry run prints of runs in every state."""

from pathlib import Path

import pytest

from asc.executor import _claimed
from asc.overview import Planned, status
from asc.run_folder import RunFolder
from recipes.cost import RunCost
from recipes.states import states_line, tell_runs


@pytest.fixture
def planned(tmp_path: Path) -> list[Planned]:
    """Return a run of each state: done, partial, missing, failed."""
    found = [Planned(RunFolder(tmp_path / "name" / state), 10) for state in ("done", "partial", "missing", "failed")]
    for one in found:
        one.folder.path.mkdir(parents=True)
    found[0].folder.result_file.write_text("{}")
    found[1].folder.checkpoint_file.write_text("")
    found[3].folder.failure_file.write_text("diverged\n")
    return found


def test_states_are_counted(planned: list[Planned]) -> None:
    assert states_line([]) == "0 runs: 0 done, 0 partial, 0 missing"
    assert states_line([status(planned[0])]) == "1 runs: 1 done, 0 partial, 0 missing"
    assert states_line(list(map(status, planned))) == "4 runs: 1 done, 1 partial, 1 missing, 1 failed"
    with _claimed(planned[2].folder):
        assert states_line(list(map(status, planned))) == "4 runs: 1 done, 1 partial, 0 missing, 1 failed, 1 training"


def test_runs_are_told_with_what_they_cost_and_what_is_left(
    planned: list[Planned], capsys: pytest.CaptureFixture[str]
) -> None:
    costs = [RunCost(parameters=1234, macs=2e12, weight_bytes=500_000)] * 4
    tell_runs(planned, costs, [None, 30.0, 30.0, 20.0], {"to start": 4.0, "to draw": 1.0}, "measured")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["name/done", "done", "1,234", "2.000"]
    assert lines[2].split() == ["name/partial", "partial", "1,234", "2.000", "0:00:30"]
    assert lines[-3] == "4 runs: 1 done, 1 partial, 1 missing, 1 failed"
    assert lines[-2] == (
        "time left on this machine, one after another: about 0:01:25 "
        "(training 0:01:20, to start 0:00:04, to draw 0:00:01; measured)"
    )
    assert lines[-1] == "final weights of all runs: 2.0 MB on disk"


def test_nothing_is_left_of_runs_that_are_done(planned: list[Planned], capsys: pytest.CaptureFixture[str]) -> None:
    tell_runs(planned[:1], [RunCost(parameters=1, macs=1.0, weight_bytes=1)], [None], {"to start": 4.0}, "measured")
    assert "time left" not in capsys.readouterr().out
