"""Many runs: each trained once, whoever launches them, however often, and whatever happens to one of them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from asc.description import RunDescription
from asc.executor import attempt, run_all
from asc.overview import failure_file
from asc.run_folder import RunFolder
from asc.training import Machine, train_one_of_many
from common.errors import RunError
from common.identity import plain
from data_prep.storage import PreparedSet
from tests.asc.conftest import same_weights
from tests.conftest import ROOT

# Lightning loads callbacks that installed distributions announce; this one stands in a folder on PYTHONPATH. It writes
# a line when the last step of an epoch is done (trained), before that epoch is evaluated and saved, and one after
# (saved). A file named after a run tells it to kill its process once, half-way: after saving or amid the next epoch.
EPOCH_LOG = """
import os, signal
from pathlib import Path
import lightning

class EpochLog(lightning.Callback):
    def note(self, trainer, what):
        where = os.environ.get("RAY_NODE_ID", os.getpid())
        line = f"{what} {Path(trainer.logger.save_dir).name} {trainer.current_epoch} {where}\\n"
        file = os.open(os.environ["EPOCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, line.encode())
        os.close(file)

    def die(self, trainer, where):
        order = Path(os.environ["EPOCH_LOG"]).with_name(Path(trainer.logger.save_dir).name)
        if order.is_file() and order.read_text() == where:
            order.unlink()
            self.note(trainer, "killed")
            os.kill(os.getpid(), signal.SIGKILL)

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if trainer.current_epoch == trainer.max_epochs // 2 and batch_idx == 0:
            self.die(trainer, "amid")
        if batch_idx + 1 == trainer.num_training_batches:
            self.note(trainer, "trained")

    def on_train_epoch_end(self, trainer, module):
        self.note(trainer, "saved")
        if trainer.current_epoch == trainer.max_epochs // 2 - 1:
            self.die(trainer, "saved")
"""
SWEEP = """
import json, sys
from dataclasses import dataclass, replace
from pathlib import Path
from asc.description import RunDescription
from asc.executor import run_all
from functools import partial
from asc.training import Machine, train_one_of_many
from common.command import run_command
from common.identity import from_plain

@dataclass
class Options:
    text: str

def sweep(given):
    options = json.loads(given.text)
    base = from_plain(RunDescription, options.pop("description"))
    seeds = [replace(base, seed=seed) for seed in range(options.pop("seeds"))]
    runs = Path(options.pop("runs"))
    train = partial(train_one_of_many, data=Path(options.pop("data")), runs=runs, machine=Machine())
    folders = run_all(seeds, train, runs, **options)
    print(sum(folder.done for folder in folders))

if __name__ == "__main__":
    sys.exit(run_command(Options, sweep))
"""


class Sweep:
    """A sweep over seeds, launched in processes of its own, whose epochs are logged as they are trained."""

    def __init__(
        self, folder: Path, prepared: PreparedSet, description: RunDescription, seeds: int, epochs: int = 4
    ) -> None:
        self.folder, self.seeds, self.prepared = folder, seeds, prepared
        self.description = replace(description, training=replace(description.training, epochs=epochs))
        self.runs, self.log = folder / "runs", folder / "orders" / "epochs.log"
        (folder / "hook" / "epoch_log-1.0.dist-info").mkdir(parents=True)
        self.log.parent.mkdir()
        (folder / "hook" / "epoch_log.py").write_text(EPOCH_LOG)
        (folder / "hook" / "epoch_log-1.0.dist-info" / "METADATA").write_text("Name: epoch_log\nVersion: 1.0\n")
        points = "[lightning.pytorch.callbacks_factory]\nlog = epoch_log:EpochLog\n"
        (folder / "hook" / "epoch_log-1.0.dist-info" / "entry_points.txt").write_text(points)
        (folder / "sweep.py").write_text(SWEEP)
        path = f"{folder / 'hook'}{os.pathsep}{ROOT}"
        self.environment = {"PYTHONPATH": path, "EPOCH_LOG": str(self.log), "OMP_NUM_THREADS": "1"}

    def kill_half_way(self, seed: int, where: str) -> None:
        (self.log.parent / f"seed-{seed}").write_text(where)

    def start(self, environment: dict[str, str] | None = None, **how: Any) -> "subprocess.Popen[str]":
        described = plain(self.description)
        places = {"data": str(self.prepared.folder), "runs": str(self.runs)}
        text = json.dumps({"description": described, "seeds": self.seeds, **places, **how})
        return subprocess.Popen(
            [sys.executable, self.folder / "sweep.py", "--text", text],
            env=os.environ | self.environment | (environment or {}),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, process: "subprocess.Popen[str]", timeout: float = 120) -> str:
        try:
            output, errors = process.communicate(timeout=timeout)
        finally:
            process.kill()
        assert process.returncode == 0, errors
        assert output.strip().splitlines()[-1] == str(self.seeds)
        return errors

    def wait_for(self, lines: int, process: "subprocess.Popen[str]") -> None:
        """Return when so many lines are in the log."""
        deadline = time.monotonic() + 200
        while not self.log.exists() or self.log.read_text().count("\n") < lines:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def lines(self, what: str) -> list[tuple[str, int]]:
        lines = [line.split() for line in self.log.read_text().splitlines()]
        return [(run, int(epoch)) for kind, run, epoch, _ in lines if kind == what]

    def workers(self) -> set[str]:
        """Return the Ray nodes, or without Ray the processes, that trained."""
        return {line.split()[3] for line in self.log.read_text().splitlines()}

    def check(self, what: str = "trained") -> None:
        """Every run has its result, its every epoch, and no epoch was trained twice."""
        epochs = self.description.training.epochs
        wanted = [(f"seed-{seed}", epoch) for seed in range(self.seeds) for epoch in range(epochs)]
        assert Counter(self.lines(what)) == Counter(wanted)
        results = sorted(self.runs.glob("*/*/result.json"))
        assert len(results) == self.seeds
        for result in results:
            assert pd.read_csv(result.with_name("metrics.csv"))["epoch"].tolist() == list(range(epochs))


def seeds_of(description: RunDescription, number: int, **training: Any) -> list[RunDescription]:
    changed = replace(description, training=replace(description.training, **{"epochs": 1, **training}))
    return [replace(changed, seed=seed) for seed in range(number)]


def trainer(data: Path, runs: Path) -> Callable[[RunDescription], None]:
    return partial(train_one_of_many, data=data, runs=runs, machine=Machine())


def test_finished_runs_cost_nothing(
    prepared: PreparedSet, description: RunDescription, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = seeds_of(description, 2)
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
    prepared: PreparedSet, description: RunDescription, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = seeds_of(description, 1, learning_rate=1e38, mixup_alpha=0.0, epochs=3)
    unfit = seeds_of(description, 1, batch_size=600)
    good = seeds_of(description, 2)
    with pytest.raises(RunError, match="2 of 4 runs failed") as error:
        run_all([*bad, *unfit, *good], trainer(prepared.folder, tmp_path), tmp_path)
    folders = [RunFolder.of(one, tmp_path) for one in (*bad, *unfit, *good)]
    assert [folder.done for folder in folders] == [False, False, True, True]
    for folder, reason in zip(folders, ("diverged", "too few"), strict=False):
        assert any(str(folder.path) in line and reason in line for line in str(error.value).splitlines())
        assert reason in failure_file(folder).read_text()
    assert "2/4 done, 2 failed" in capsys.readouterr().err


def test_an_unforeseen_error_is_reported_with_where_it_happened(
    prepared: PreparedSet, description: RunDescription, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("device full")

    wanted = seeds_of(description, 1)
    with monkeypatch.context() as patch:
        patch.setattr("asc.training.train", fail)
        with pytest.raises(RunError, match="MemoryError: device full") as error:
            run_all(wanted, trainer(prepared.folder, tmp_path), tmp_path)
    assert "Traceback" not in str(error.value)
    folder = RunFolder.of(wanted[0], tmp_path)
    assert "in fail" in failure_file(folder).read_text()
    assert run_all(wanted, trainer(prepared.folder, tmp_path), tmp_path)[0].done
    assert not failure_file(folder).exists()


def test_what_a_sweep_cannot_train(prepared: PreparedSet, description: RunDescription, tmp_path: Path) -> None:
    shared = seeds_of(description, 1, world_size=2)
    with pytest.raises(RunError, match="world_size"):
        run_all(shared, trainer(prepared.folder, tmp_path), tmp_path)
    other = [replace(description, data=replace(description.data, identity="0" * 64))]
    with pytest.raises(RunError, match="0000"):
        run_all(other, trainer(prepared.folder, tmp_path), tmp_path)
    with pytest.raises(RunError, match="nowhere"):
        run_all(seeds_of(description, 1), trainer(tmp_path / "nowhere", tmp_path), tmp_path)


def test_a_run_that_another_process_trains_is_passed_over_and_returned_to(
    prepared: PreparedSet, description: RunDescription, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = seeds_of(description, 3)
    order: list[str] = []
    held = RunFolder.of(wanted[0], tmp_path)
    with held.locked():
        assert attempt(wanted[0], trainer(prepared.folder, tmp_path), tmp_path) == ""
        assert not held.done
    lock = held.locked()
    lock.__enter__()

    def note(description: RunDescription, **how: Any) -> str:
        report = attempt(description, **how)
        order.append(f"{description.seed} {RunFolder.of(description, tmp_path).done}")
        if description.seed == 2:
            lock.__exit__(None, None, None)
        return report

    monkeypatch.setattr("asc.executor.attempt", note)
    assert all(folder.done for folder in run_all(wanted, trainer(prepared.folder, tmp_path), tmp_path))
    assert order == ["0 False", "1 True", "2 True", "0 True"]


def test_two_launches_at_once_train_nothing_twice(
    prepared: PreparedSet, description: RunDescription, tmp_path: Path
) -> None:
    both = Sweep(tmp_path, prepared, description, seeds=4)
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
    prepared: PreparedSet, description: RunDescription, tmp_path: Path
) -> None:
    broken = Sweep(tmp_path, prepared, description, seeds=3)
    broken.kill_half_way(1, "amid")
    first = broken.start()
    try:
        assert first.wait(timeout=120) == -signal.SIGKILL
    finally:
        first.kill()
    broken.finish(broken.start())
    broken.check()
    whole = broken.folder / "whole"
    run_all([replace(broken.description, seed=1)], trainer(prepared.folder, whole), whole)
    assert same_weights(RunFolder(next(whole.glob("*/*"))), RunFolder(next(broken.runs.glob("*/seed-1"))))
