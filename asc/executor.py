"""Trains many runs, each once, in this process or on Ray. The run folders are the only state that launches share."""

import gc
import math
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

from asc.overview import Planned, claim_file, failure_file, show_live, survey, totals_line
from asc.ray_executor import on_ray
from asc.run_folder import Described, RunFolder
from common.errors import AscError, RunError
from common.files import write_text
from common.locks import lock

Executor = Literal["local", "ray"]
# Goes once through the descriptions it is given; yields each when its attempt has ended, and why it failed ("" if not).
Attempts = Callable[[Sequence[Described]], Iterator[tuple[Described, str]]]
# Seconds between looks at runs that another launch is training, when nothing else is left to do.
PATIENCE = 5.0
_BETWEEN_LINES = 1.0


def run_all(
    descriptions: Sequence[Described],
    train: Callable[[Any], object],
    runs: Path,
    *,
    executor: Executor = "local",
    accelerator: str = "cpu",
    ray_address: str | None = None,
    runs_per_gpu: int = 1,
    cpus_per_run: int = 1,
) -> list[RunFolder]:
    """Bring every run to its end, from wherever it is, and return their folders in the order given.

    Finished runs cost a look at their folder. A run that another launch is training is passed over and looked at again
    when the others are through, until it is finished or free. One that fails does not stop the others.

    Launches keep out of each other's way by a lock (`common.locks`) in the run's folder. Processes of one machine can
    rely on it. Across machines it holds only where the shared file system carries it: NFS does unless mounted with
    `nolock` or `local_lock`; SMB and many FUSE file systems keep such locks to each machine. There, run one launch at a
    time: a single one trains nothing twice on any file system, because its driver hands out each run once. (Then the
    one thing left is a machine cut off from its Ray cluster, whose worker may go on for some seconds.) Where a file
    system has no locks at all, a run that another machine holds is not waited for: it is among those that failed.

    Parameters
    ----------
    descriptions
        The runs; one given twice is trained once.
    train
        Brings the run of a description to its end in its folder below `runs`. On Ray it must be picklable, and whatever
        path it holds must lead to the same place on every machine.
    runs
        Folder of all runs; on Ray, shared by every machine at the same path.
    executor
        `local`: one after another in this process; `ray`: as many at once as there is room for, see `on_ray`.
    accelerator
        What each run computes on: `cpu` or `cuda`.
    ray_address, runs_per_gpu, cpus_per_run
        See `on_ray`; the local executor has no use for them.

    Raises
    ------
    RunError
        When all others are finished: names each run that failed, and why. Also if Ray is missing or not to be reached.
    """
    runs = runs.resolve()
    folders = [RunFolder.of(description, runs) for description in descriptions]
    waiting = {
        folder.path: run for folder, run in zip(folders, descriptions, strict=True) if not folder.done
    }  # each once, in order
    if not waiting:
        return folders
    one = partial(attempt, train=train, runs=runs)
    planned = [Planned.of(description, runs) for description in descriptions]
    if executor == "ray":
        resources = {"runs_per_gpu": runs_per_gpu, "cpus_per_run": cpus_per_run}
        with on_ray(one, accelerator, ray_address, **resources) as attempts, show_live(planned):
            failures = _train_all(list(waiting.values()), runs, attempts)
    else:
        with _little_garbage():
            failures = _train_all(list(waiting.values()), runs, partial(_one_after_another, one, planned, runs))
    if failures:
        reasons = "".join(f"\n  {folder.path}: {reason}" for folder, reason in failures.items())
        raise RunError(f"{len(failures)} of {len(set(folders))} runs failed, all others are finished:{reasons}")
    return folders


def _train_all(waiting: Sequence[Described], runs: Path, attempts: Attempts) -> dict[RunFolder, str]:
    """Attempt all, then again those that were passed over, until none is; return which failed and why."""
    failures: dict[RunFolder, str] = {}
    while waiting:
        passed = []
        for description, report in attempts(waiting):
            folder = RunFolder.of(description, runs)
            if report:
                failures[folder] = report.splitlines()[0]
                write_text(failure_file(folder), report.rstrip() + "\n")
            elif not folder.done:
                passed.append(description)
        if len(passed) == len(waiting):
            time.sleep(PATIENCE)
        waiting = passed
    return failures


def _one_after_another(
    one: Callable[[Described], str], planned: Sequence[Planned], runs: Path, waiting: Sequence[Described]
) -> Iterator[tuple[Described, str]]:
    """Attempt in this process. Each run shows its own progress; a line of totals follows it, or a round of waiting.

    Runs that take less than a second share a line: to look at all runs after each takes longer than to train them.
    """
    ended, told = 0, -math.inf
    for description in waiting:
        report = one(description)
        yield description, report
        if report or RunFolder.of(description, runs).done:
            ended += 1
            if description is waiting[-1] or time.monotonic() - told >= _BETWEEN_LINES:
                print(totals_line(survey(planned)), file=sys.stderr, flush=True)
                told = time.monotonic()
    if not ended:
        print(totals_line(survey(planned)), file=sys.stderr, flush=True)


def attempt(description: Described, train: Callable[[Any], object], runs: Path) -> str:
    """Train one run unless it is done or another process trains it; return why it failed, "" if it did not.

    The first line is the reason; where nobody foresaw the error, its traceback follows.
    """
    folder = RunFolder.of(description, runs)
    try:
        with _claimed(folder) as free:
            # Asked again under the claim: another launch may have finished the run since it was found waiting.
            if not free or folder.done or _trained_alone(folder):
                return ""
            failure_file(folder).unlink(missing_ok=True)
            train(description)
    except AscError as error:
        return str(error)
    except Exception as error:  # whatever it was, the other runs go on; the report holds the traceback
        return f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
    finally:
        gc.collect()  # trainer and module hold each other: a run's clips leave the device's memory only so
    return ""


@contextmanager
def _little_garbage() -> Iterator[None]:
    """Let collections of garbage, one after each run, pass over what is there now: imported modules, a million objects.

    A small run is trained in a third of the time that a collection of all takes.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def _claimed(folder: RunFolder) -> Iterator[bool]:
    """Claim the run among launches of many; yield whether it was free. The claim goes with the process.

    It is not the lock of `RunFolder`, which `train` takes late, after the clips are loaded: this one costs nothing to
    ask for and stands from before the run is found unfinished until its result is written.
    """
    with lock(claim_file(folder)) as free:
        yield free


def _trained_alone(folder: RunFolder) -> bool:
    """Whether a training command of its own (`python -m asc.train`) holds the run."""
    try:
        with folder.locked():
            return False
    except RunError:
        return True
