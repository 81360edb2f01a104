"""Many runs: each trained once, whoever launches them, however often, and whatever happens to one of them."""

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asc.augmentations.rolling import RolledFrames
from asc.executor import attempt, run_all
from asc.run import Run
from asc.run_folder import RunFolder
from common.errors import RunError
from data_prep.storage import PreparedSet
from tests.asc.conftest import same_weights
from tests.asc.sweeps import Sweep, seeds_of, trainer


def test_finished_runs_cost_nothing(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = seeds_of(scene_run, 2)
    first = run_all([*wanted, wanted[0]], trainer(prepared.folder, tmp_path), tmp_path)
    assert [folder.path.name for folder in first] == ["seed-0", "seed-1", "seed-0"]
    assert all(folder.done for folder in first)
    before = [folder.result_file.stat().st_mtime_ns for folder in first]
    monkeypatch.setattr("asc.executor.attempt", lambda *_: pytest.fail("attempted again"))
    monkeypatch.setattr("asc.executor.on_ray", lambda *_: pytest.fail("Ray was started"))
    for executor in ("local", "ray"):
        again = run_all(wanted, trainer(Path("nowhere"), tmp_path), tmp_path, executor=executor)
        assert again == first[:2]
    assert [folder.result_file.stat().st_mtime_ns for folder in first] == before


def test_a_run_that_fails_does_not_stop_the_others(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = seeds_of(scene_run, 1, learning_rate=1e38, augmentations=(RolledFrames(),), epochs=3)
    unfit = seeds_of(scene_run, 1, batch_size=600)
    good = seeds_of(scene_run, 2)
    with pytest.raises(RunError, match="2 of 4 runs failed") as error:
        run_all([*bad, *unfit, *good], trainer(prepared.folder, tmp_path), tmp_path)
    folders = [RunFolder.of(one, tmp_path) for one in (*bad, *unfit, *good)]
    assert [folder.done for folder in folders] == [False, False, True, True]
    for folder, reason in zip(folders, ("diverged", "too few"), strict=False):
        assert any(str(folder.path) in line and reason in line for line in str(error.value).splitlines())
        assert reason in folder.failure_file.read_text()
    assert "2/4 done, 2 failed" in capsys.readouterr().err


def test_an_unforeseen_error_is_reported_with_where_it_happened(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("device full")

    wanted = seeds_of(scene_run, 1)
    with monkeypatch.context() as patch:
        patch.setattr("asc.shared_run.train", fail)
        with pytest.raises(RunError, match="MemoryError: device full") as error:
            run_all(wanted, trainer(prepared.folder, tmp_path), tmp_path)
    assert "Traceback" not in str(error.value)
    folder = RunFolder.of(wanted[0], tmp_path)
    assert "in fail" in folder.failure_file.read_text()
    assert run_all(wanted, trainer(prepared.folder, tmp_path), tmp_path)[0].done
    assert not folder.failure_file.exists()


def test_what_a_sweep_cannot_train(prepared: PreparedSet, scene_run: Run, tmp_path: Path) -> None:
    other = [replace(scene_run, data=replace(scene_run.data, identity="0" * 64))]
    with pytest.raises(RunError, match="0000"):
        run_all(other, trainer(prepared.folder, tmp_path), tmp_path)
    with pytest.raises(RunError, match="nowhere"):
        run_all(seeds_of(scene_run, 1), trainer(tmp_path / "nowhere", tmp_path), tmp_path)


def test_a_run_that_another_process_trains_is_passed_over_and_returned_to(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = seeds_of(scene_run, 3)
    order: list[str] = []
    held = RunFolder.of(wanted[0], tmp_path)
    with held.locked():
        assert attempt(wanted[0], trainer(prepared.folder, tmp_path), tmp_path) == ""
        assert not held.done
    lock = held.locked()
    lock.__enter__()

    def note(run: Run, **how: Any) -> str:
        report = attempt(run, **how)
        order.append(f"{run.seed} {RunFolder.of(run, tmp_path).done}")
        if run.seed == 2:
            lock.__exit__(None, None, None)
        return report

    monkeypatch.setattr("asc.executor.attempt", note)
    assert all(folder.done for folder in run_all(wanted, trainer(prepared.folder, tmp_path), tmp_path))
    assert order == ["0 False", "1 True", "2 True", "0 True"]


def test_two_launches_at_once_train_nothing_twice(prepared: PreparedSet, scene_run: Run, tmp_path: Path) -> None:
    both = Sweep(tmp_path, prepared, scene_run, seeds=4)
    launches = [both.start(), both.start()]
    try:
        for launch in launches:
            assert "4/4 done" in both.finish(launch).splitlines()[-1]
    finally:
        for launch in launches:
            launch.kill()
    both.check()
    assert len(both.workers()) == 2


@pytest.mark.slow
def test_a_launch_killed_half_way_is_continued_by_the_next(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path
) -> None:
    broken = Sweep(tmp_path, prepared, scene_run, seeds=3)
    broken.kill_half_way(1, "amid")
    first = broken.start()
    try:
        assert first.wait(timeout=120) == -signal.SIGKILL
    finally:
        first.kill()
    broken.finish(broken.start())
    broken.check()
    whole = broken.folder / "whole"
    run_all([replace(broken.run, seed=1)], trainer(prepared.folder, whole), whole)
    assert same_weights(RunFolder(next(whole.glob("*/*"))), RunFolder(next(broken.runs.glob("*/seed-1"))))
