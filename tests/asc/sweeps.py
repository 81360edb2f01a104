"""Sweeps over seeds, launched in processes of their own, whose epochs are logged as they are trained."""

import json
import os
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

from asc.machine import Machine
from asc.run import Run
from asc.shared_run import train_alone_or_shared
from common.identity import plain
from data_prep.storage import PreparedSet
from tests.conftest import ROOT

# Stands in a folder on PYTHONPATH, so that Ray's workers import it too. It saves after every epoch, and writes a line
# when the last step of an epoch is done (trained), before that epoch is evaluated and saved, and one after (saved). A
# file named after a run tells it to kill its process once, half-way: after saving or amid the next epoch.
EPOCH_LOG = """
import math, os, signal
from pathlib import Path
from asc import checkpoint, job, training
from asc.shared_run import train_alone_or_shared

checkpoint._SHARE_OF_TIME = math.inf

class LoggedJob(job.Job):
    def __init__(self, *given):
        super().__init__(*given)
        step, self.counted = self.learner.step, set()

        def counted(batch, rates):
            losses = step(batch, rates)
            if self.epoch == self.first.epochs // 2 and self.epoch not in self.counted:
                self.counted.add(self.epoch)
                self.die("amid")
            return losses

        self.learner.step = counted

    def note(self, what, epoch):
        where = os.environ.get("RAY_NODE_ID", os.getpid())
        file = os.open(os.environ["EPOCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{what} {self.home.path.name} {epoch} {where}\\n".encode())
        os.close(file)

    def die(self, where):
        order = Path(os.environ["EPOCH_LOG"]).with_name(self.home.path.name)
        if order.is_file() and order.read_text() == where:
            order.unlink()
            self.note("killed", self.epoch)
            os.kill(os.getpid(), signal.SIGKILL)

    def _check(self, epoch, losses):
        super()._check(epoch, losses)
        self.note("trained", epoch)

    def _write_table(self, *, always):
        super()._write_table(always=always)
        if self.over:
            self.note("saved", self.epoch - 1)

    def save(self):
        super().save()
        self.checkpoint.wait()
        self.note("saved", self.epoch - 1)
        if self.epoch == self.first.epochs // 2:
            self.die("saved")

training.Job = LoggedJob

def train(job, data, runs, machine):
    train_alone_or_shared(job, data, runs, machine)
"""
SWEEP = """
import json, sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
import epoch_log
from asc.executor import run_all
from asc.machine import Machine
from asc.run import Run
from common.command import run_command
from common.identity import from_plain

@dataclass
class Options:
    text: str

def sweep(given):
    options = json.loads(given.text)
    base = from_plain(Run, options.pop("run"))
    seeds = [replace(base, seed=seed) for seed in range(options.pop("seeds"))]
    runs = Path(options.pop("runs"))
    train = partial(epoch_log.train, data=Path(options.pop("data")), runs=runs, machine=Machine())
    folders = run_all(seeds, train, runs, **options)
    print(sum(folder.done for folder in folders))

if __name__ == "__main__":
    sys.exit(run_command(Options, sweep))
"""


class Sweep:
    """A sweep over the seeds of one run."""

    def __init__(self, folder: Path, prepared: PreparedSet, run: Run, seeds: int, epochs: int = 4) -> None:
        self.folder, self.seeds, self.prepared = folder, seeds, prepared
        self.run = replace(run, training=replace(run.training, epochs=epochs))
        self.runs, self.log = folder / "runs", folder / "orders" / "epochs.log"
        (folder / "hook").mkdir()
        self.log.parent.mkdir()
        (folder / "hook" / "epoch_log.py").write_text(EPOCH_LOG)
        (folder / "sweep.py").write_text(SWEEP)
        path = f"{folder / 'hook'}{os.pathsep}{ROOT}"
        self.environment = {"PYTHONPATH": path, "EPOCH_LOG": str(self.log), "OMP_NUM_THREADS": "1"}

    def kill_half_way(self, seed: int, where: str) -> None:
        (self.log.parent / f"seed-{seed}").write_text(where)

    def start(self, environment: dict[str, str] | None = None, **how: Any) -> "subprocess.Popen[str]":
        places = {"data": str(self.prepared.folder), "runs": str(self.runs)}
        text = json.dumps({"run": plain(self.run), "seeds": self.seeds, **places, **how})
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
        epochs = self.run.epochs
        wanted = [(f"seed-{seed}", epoch) for seed in range(self.seeds) for epoch in range(epochs)]
        assert Counter(self.lines(what)) == Counter(wanted)
        results = sorted(self.runs.glob("*/*/result.json"))
        assert len(results) == self.seeds
        for result in results:
            assert pd.read_csv(result.with_name("metrics.csv"))["epoch"].tolist() == list(range(epochs))


def seeds_of(run: Run, number: int, **training: Any) -> list[Run]:
    """Return the run with so many seeds, of one epoch unless `training` says otherwise."""
    changed = replace(run, training=replace(run.training, **{"epochs": 1, **training}))
    return [replace(changed, seed=seed) for seed in range(number)]


def trainer(data: Path, runs: Path) -> Callable[[Run], None]:
    return partial(train_alone_or_shared, data=data, runs=runs, machine=Machine())
