"""How many runs stand, read from folders in every state."""

import os
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from asc.executor import _claimed
from asc.overview import Planned, main, show_live, status, survey, table, time_left, totals_line
from asc.run import Run
from asc.run_folder import RunFolder
from tests.asc.conftest import Trained


def planned(folder: Path, name: str, epochs: int = 10) -> Planned:
    return Planned(RunFolder(folder / name), epochs)


def write_metrics(
    one: Planned, seconds: list[float], seen: str = "0.5", unseen: str = "0.25", age: float = 1e6
) -> None:
    """Write finished epochs that took so long, the last of them `age` seconds ago."""
    one.folder.path.mkdir(parents=True, exist_ok=True)
    rows = [f"{epoch},1.0,{seen},{unseen},{took}\n" for epoch, took in enumerate(seconds)]
    one.folder.metrics_file.write_text("epoch,train_loss,seen_accuracy,unseen_accuracy,seconds\n" + "".join(rows))
    when = time.time() - age
    os.utime(one.folder.metrics_file, (when, when))


def finish(one: Planned) -> None:
    write_metrics(one, [1.0] * one.epochs)
    one.folder.result_file.write_text("{}")


@pytest.fixture
def every_state(tmp_path: Path) -> list[Planned]:
    """Return one run of each state: done, missing, partial, failed, training."""
    done, missing, partial, failed, training = (
        planned(tmp_path, f"{name}/seed-0") for name in ("alpha", "beta", "gamma", "delta", "epsilon")
    )
    finish(done)
    write_metrics(partial, [2.0, 4.0, 3.0], "0.6", "")
    write_metrics(failed, [1.0])
    failed.folder.failure_file.write_text("diverged\n")
    write_metrics(training, [5.0, 5.0], "0.7", "0.4", age=3)
    return [done, missing, partial, failed, training]


def test_states_epochs_accuracies_and_paces(every_state: list[Planned]) -> None:
    done, missing, partial, failed, training = survey([*every_state, every_state[0]])
    assert [one.state for one in (done, missing, partial, failed, training)] == [
        *("done", "missing", "partial", "failed", "training")
    ]
    assert (done.epoch, done.left) == (10, 0.0)
    assert (missing.epoch, missing.scores, missing.pace, missing.left) == (0, {}, None, None)
    # Three epochs, the median of which took 3 s; no test clip is of an unseen device.
    assert (partial.epoch, partial.scores, partial.pace, partial.left) == (3, {"seen": 0.6}, 3.0, 21.0)
    assert (training.epoch, training.scores, training.left) == (2, {"seen": 0.7, "unseen": 0.4}, 40.0)


def test_a_claimed_run_is_training_before_its_first_epoch_and_is_not_disturbed(tmp_path: Path) -> None:
    one = planned(tmp_path, "alpha/seed-0")
    with _claimed(one.folder) as free:
        assert free
        assert status(one).state == "training"
        with _claimed(one.folder) as second:
            assert not second
    assert status(one).state == "missing"
    one.folder.failure_file.write_text("diverged\n")
    with _claimed(one.folder):
        assert status(one).state == "training"


def test_a_silent_run_stops_counting_as_training(tmp_path: Path) -> None:
    one = planned(tmp_path, "alpha/seed-0")
    for age, state in ((2 * 60 - 10, "training"), (2 * 60 + 10, "partial")):
        write_metrics(one, [60.0] * 3, age=age)
        assert status(one).state == state


def test_a_run_that_has_just_failed_is_not_training_until_it_finishes_another_epoch(tmp_path: Path) -> None:
    one = planned(tmp_path, "alpha/seed-0")
    write_metrics(one, [60.0], age=10)
    one.folder.failure_file.write_text("diverged\n")
    assert status(one).state == "failed"
    write_metrics(one, [60.0] * 2, age=-1)
    assert status(one).state == "training"


@pytest.mark.parametrize("text", ["", "epoch\n", "epoch,seen_accuracy,unseen_accuracy,seconds\n0,x,y,z\n", "\0"])
def test_damaged_metrics_count_as_no_epoch(tmp_path: Path, text: str) -> None:
    one = planned(tmp_path, "alpha/seed-0")
    one.folder.path.mkdir(parents=True)
    one.folder.metrics_file.write_text(text)
    assert (status(one).state, status(one).epoch) == ("missing", 0)


def test_time_left(tmp_path: Path) -> None:
    small, small_too, large = (planned(tmp_path, name) for name in ("small/seed-0", "small/seed-1", "large/seed-0"))
    assert time_left(survey([small, small_too, large])) is None
    write_metrics(small, [2.0] * 4)
    # 6 epochs left of 2 s; the other seed's 10 as fast; one after another.
    assert time_left(survey([small, small_too])) == pytest.approx(12 + 20)
    write_metrics(large, [10.0] * 9, age=0)
    assert time_left(survey([small, small_too, large])) == pytest.approx(12 + 20 + 10)
    write_metrics(small, [2.0] * 4, age=0)
    # Two at a time.
    assert time_left(survey([small, small_too, large])) == pytest.approx((12 + 20 + 10) / 2)
    unknown = planned(tmp_path, "other/seed-0")
    # As fast as the mean of what is known, (2 + 10) / 2; never less than the longest run alone.
    assert time_left(survey([small, unknown, large])) == pytest.approx(60)
    for one in (small, small_too, large):
        finish(one)
    assert time_left(survey([small, small_too, large])) == 0.0


def test_one_line_for_logs(every_state: list[Planned]) -> None:
    line = totals_line(survey(every_state))
    assert "\n" not in line
    assert line.startswith("runs: 1/5 done, 1 training, 1 failed, 1 partial, 1 missing; 16/50 epochs; ")
    assert line.endswith("; epsilon/seed-0 2/10 seen 70.0% unseen 40.0%")
    assert totals_line(survey(every_state), named=0).endswith("; 1 more")
    assert totals_line([]) == "runs: 0/0 done; 0/0 epochs; 0:00:00 left"


def shown(every_state: list[Planned], rows: int | None = None) -> list[str]:
    console = Console(width=100, record=True, file=open(os.devnull, "w"))  # noqa: SIM115 - closed with the console
    console.print(table(survey(every_state), rows))
    return console.export_text().splitlines()


def test_the_table_shows_what_is_being_trained_first(every_state: list[Planned]) -> None:
    names = [match[1] for line in shown(every_state) if (match := re.match(r" ?(\w+)/seed-0", line))]
    assert names == ["epsilon", "delta", "gamma", "beta", "alpha"]
    short = "\n".join(shown(every_state, rows=2))
    assert "and 3 more" in short
    assert "alpha" not in short
    assert "1/5 done" in short


def test_lines_without_a_terminal(every_state: list[Planned], capsys: pytest.CaptureFixture[str]) -> None:
    with show_live(every_state, period=0.02):
        deadline = time.monotonic() + 20
        err = ""
        while err.count("\n") < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
            err += capsys.readouterr().err
        finish(every_state[2])
    captured = capsys.readouterr()
    assert "2/5 done" in captured.err.splitlines()[-1]
    assert not captured.out


def test_a_table_in_a_terminal(
    every_state: list[Planned], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with show_live(every_state):
        pass
    captured = capsys.readouterr()
    assert "epsilon/seed-0" in captured.err
    assert not captured.out


@pytest.mark.trains
def test_a_real_run_seen_from_a_command_of_its_own(
    trained: Trained, scene_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = trained(epochs=1)
    changed = replace(scene_run, seed=1)
    RunFolder.of(changed, tmp_path / "runs").write_description(changed)
    capsys.readouterr()
    assert main([str(tmp_path / "runs")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(folder.path.parent.name[:30] in line and "done" in line and "1/1" in line for line in lines)
    assert any("missing" in line and "0/3" in line for line in lines)
    assert main([str(tmp_path / "nowhere")]) == 1
