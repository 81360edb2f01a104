"""Status of runs, read from their folders: for all executors, and from other processes.

`python -m asc.overview RUN...` prints a table.
"""

import csv
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from statistics import fmean, median
from time import time
from typing import Annotated, Any, Literal

import tyro
from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

from asc.run_folder import Described, RunFolder, find_runs
from common.command import run_command
from common.locks import is_locked

State = Literal["training", "failed", "partial", "missing", "done"]
# In the order of the table.
STATES: tuple[State, ...] = ("training", "failed", "partial", "missing", "done")
# Accuracies shown: on seen and unseen devices of acoustic scenes, on validation and test splits of images.
SCORES = ("seen", "unseen", "validation", "test")


@dataclass(frozen=True)
class Planned:
    """A planned run, which may not have been started: its folder and number of epochs."""

    folder: RunFolder
    epochs: int

    @classmethod
    def of(cls, description: Described, runs: Path) -> "Planned":
        """Return the planned run of `description` below `runs`."""
        return cls(RunFolder.of(description, runs), description.epochs)


@dataclass(frozen=True, kw_only=True)
class Status:
    """Status of one run.

    `epoch` is the number of finished epochs; `scores` are the accuracies after the last one, 0 to 1, for the known
    names of `SCORES`; `pace` (median seconds per epoch) and `left` (remaining seconds of this run alone) are None while
    unknown.
    """

    folder: RunFolder
    state: State
    epoch: int
    epochs: int
    scores: Mapping[str, float] = field(default_factory=dict)
    pace: float | None = None
    left: float | None = None

    @property
    def name(self) -> str:
        """Configuration and seed."""
        return self.folder.name


def _changed(file: Path) -> float:
    """Return the modification time of a file in seconds, or 0 if it does not exist."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


@lru_cache(maxsize=4096)
def _metrics(path: Path, _changed: float) -> dict[str, Any]:
    """Return the fields of `Status` from metrics.csv."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scores = {part: float(text) for part in SCORES if (text := rows[-1].get(f"{part}_accuracy"))}
    return {"epoch": len(rows), "scores": scores, "pace": median(float(row["seconds"]) for row in rows)}


def status(planned: Planned) -> Status:
    """Return the status of one run; its folder may be written, moved or removed at the same time."""
    folder, epochs = planned.folder, planned.epochs
    changed, failed = (_changed(file) for file in (folder.metrics_file, folder.failure_file))
    metrics: dict[str, Any] = {"epoch": 0}
    with suppress(OSError, LookupError, ValueError, csv.Error):  # otherwise no epoch is finished
        metrics = _metrics(folder.metrics_file, changed)
    if folder.done:
        return Status(folder=folder, state="done", epochs=epochs, left=0.0, **metrics | {"epoch": epochs})
    pace = metrics.get("pace")
    state: State = "partial" if metrics["epoch"] or folder.checkpoint_file.is_file() else "missing"
    # A separate command or another machine may train without a visible claim; recent epochs show it.
    fresh = pace is not None and changed > failed and time() - changed < 2 * pace + 5
    # The check may briefly hold the lock; a launch then skips the run and checks it again later.
    if is_locked(folder.claim_file) or fresh:
        state = "training"
    elif failed:
        state = "failed"
    left = None if pace is None else pace * (epochs - metrics["epoch"])
    return Status(folder=folder, state=state, epochs=epochs, left=left, **metrics)


def survey(planned: Sequence[Planned]) -> list[Status]:
    """Return the statuses of the runs in order, without duplicates."""
    return [status(one) for one in dict.fromkeys(planned)]


def time_left(statuses: Sequence[Status]) -> float | None:
    """Return the estimated seconds until all runs are finished, if as many run in parallel as at present.

    Runs without a finished epoch are assumed to have the mean pace of their configuration, or else of all runs. None if
    no run has finished an epoch. Failed runs are ignored.
    """
    paces: dict[str, list[float]] = {}
    for one in statuses:
        if one.pace is not None:
            paces.setdefault(one.folder.path.parent.name, []).append(one.pace)
    waiting = [one for one in statuses if one.state not in ("done", "failed")]
    if not waiting:
        return 0.0
    if not paces:
        return None
    usual = fmean(pace for some in paces.values() for pace in some)
    left = []
    for one in waiting:
        known = paces.get(one.folder.path.parent.name)
        left.append((one.epochs - one.epoch) * (one.pace or (fmean(known) if known else usual)))
    at_once = max(1, sum(one.state == "training" for one in waiting))
    return max(max(left), sum(left) / at_once)


def _clock(seconds: float | None) -> str:
    return "?" if seconds is None else str(timedelta(seconds=round(seconds)))


def _totals(statuses: Sequence[Status]) -> str:
    count = Counter(one.state for one in statuses)
    states = [f"{count['done']}/{len(statuses)} done"]
    states += [f"{count[state]} {state}" for state in STATES[:-1] if count[state]]
    epochs = f"{sum(one.epoch for one in statuses)}/{sum(one.epochs for one in statuses)} epochs"
    return f"runs: {', '.join(states)}; {epochs}; {_clock(time_left(statuses))} left"


def totals_line(statuses: Sequence[Status], named: int = 4) -> str:
    """Return a line with the number of runs by state, epochs, time left, and up to `named` runs being trained."""
    now = [one for one in statuses if one.state == "training"]
    parts = [_totals(statuses)]
    for one in now[:named]:
        scores = "".join(f" {part} {value:.1%}" for part, value in one.scores.items())
        parts.append(f"{one.name} {one.epoch}/{one.epochs}{scores}")
    return "; ".join(parts + [f"{len(now) - named} more"] * (len(now) > named))


def table(statuses: Sequence[Status], rows: int | None = None) -> Table:
    """Return a table of at most `rows` runs, sorted from training to done, with the totals as its caption."""
    shown = sorted(statuses, key=lambda one: STATES.index(one.state))[:rows]
    result = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0, caption=_totals(statuses), caption_justify="left")
    parts = [part for part in SCORES if any(part in one.scores for one in shown)]
    for heading, width in {"run": 1, "state": 8, "epoch": 7, **dict.fromkeys(parts, 6), "left": 7}.items():
        result.add_column(heading, no_wrap=True, min_width=width)
    for one in shown:
        scores = [f"{one.scores[part]:.1%}" if part in one.scores else "" for part in parts]
        result.add_row(one.name, one.state, f"{one.epoch}/{one.epochs}", *scores, _clock(one.left) if one.epoch else "")
    if len(shown) < len(statuses):
        result.add_row(f"and {len(statuses) - len(shown)} more")
    return result


@contextmanager
def show_live(planned: Sequence[Planned], period: float = 10.0) -> Iterator[None]:
    """Show the status of runs on standard error while the body of the `with` statement runs, and at its end.

    In a terminal it is a live table, otherwise a line every `period` seconds.
    """
    console = Console(stderr=True)
    if console.is_terminal:
        height = max(1, console.height - 7)  # lines of headings, frame and totals
        with Live(console=console, refresh_per_second=1, get_renderable=lambda: table(survey(planned), height)):
            yield
        return
    over = threading.Event()

    def report() -> None:
        while not over.wait(period):
            print(totals_line(survey(planned)), file=sys.stderr, flush=True)

    thread = threading.Thread(target=report, name="overview", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        print(totals_line(survey(planned)), file=sys.stderr, flush=True)


@dataclass(frozen=True, kw_only=True)
class OverviewOptions:
    """Show the status of runs: state, epoch, accuracy after the last finished epoch, time left."""

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """Run, configuration (all its seeds) or folder of configurations; runs that were not started are not shown."""
    more: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN ...")] = ()
    """More runs."""


def _command(options: OverviewOptions) -> None:
    planned = [Planned(folder, folder.epochs) for folder in find_runs([options.run, *options.more])]
    console = Console()
    console.print(table(survey(planned)), width=None if console.is_terminal else 120)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(OverviewOptions, _command, arguments)


if __name__ == "__main__":
    sys.exit(main())
