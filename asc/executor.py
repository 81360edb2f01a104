"""Executor: trains many runs, each once, in this process or on Ray. Launches share no state but the run folders."""

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

from asc.overview import Planned, show_live, survey, totals_line
from asc.ray_executor import on_ray
from asc.run_folder import Described, RunFolder
from common.errors import AscError, RunError
from common.files import write_text
from common.locks import lock

Executor = Literal["local", "ray"]
# Attempts each description once; yields it with the reason of failure ("" if none) when the attempt has ended.
Attempts = Callable[[Sequence[Described]], Iterator[tuple[Described, str]]]
# Seconds between checks of runs that other launches are training, when no other run is left.
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
    """Train or continue all runs until they are finished, and return their folders in the given order.

    Finished runs are skipped. A run that another launch is training is skipped and checked again after the others,
    until it is finished or free. A failed run does not stop the others.

    Launches exclude each other with a lock (`common.locks`) in the run's folder. It is reliable between processes of
    one machine. Between machines it is reliable only if the shared file system supports it: NFS does unless mounted
    with `nolock` or `local_lock`; SMB and many FUSE file systems restrict locks to each machine. On these, use one
    launch at a time: a single launch trains no run twice on any file system, because its driver submits each run once.
    (A worker on a machine that has lost its Ray cluster may continue for some seconds.) On a file system without locks,
    a run that another machine holds counts as failed.

    Parameters
    ----------
    descriptions
        Descriptions of the runs; duplicates are trained once.
    train
        Function that trains the run of a description in its folder below `runs`. On Ray it must be picklable, and its
        paths must be valid on every machine.
    runs
        Folder of all runs; on Ray, shared by all machines at the same path.
    executor
        `local`: one after another in this process; `ray`: in parallel, as resources allow, see `on_ray`.
    accelerator
        Device of each run: `cpu` or `cuda`.
    ray_address, runs_per_gpu, cpus_per_run
        See `on_ray`; ignored by the local executor.

    Raises
    ------
    RunError
        If runs failed, after all others are finished, with the reasons. Also if Ray is not installed or not reachable.
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
    """Attempt all runs, repeating those that were skipped; return the failed runs and the reasons."""
    failures: dict[RunFolder, str] = {}
    while waiting:
        passed = []
        for description, report in attempts(waiting):
            folder = RunFolder.of(description, runs)
            if report:
                failures[folder] = report.splitlines()[0]
                write_text(folder.failure_file, report.rstrip() + "\n")
            elif not folder.done:
                passed.append(description)
        if len(passed) == len(waiting):
            time.sleep(PATIENCE)
        waiting = passed
    return failures


def _one_after_another(
    one: Callable[[Described], str], planned: Sequence[Planned], runs: Path, waiting: Sequence[Described]
) -> Iterator[tuple[Described, str]]:
    """Attempt runs in this process, and print a line of totals after each run, or after a round without one.

    Lines are at least a second apart, as reading the state of all runs may take longer than training a short one.
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
    """Train one run unless it is done or another process trains it; return the reason of failure, or "".

    The first line is the reason; for unexpected errors the traceback follows.
    """
    folder = RunFolder.of(description, runs)
    try:
        with _claimed(folder) as free:
            # Checked again under the claim, as another launch may have finished the run since.
            if not free or folder.done or _trained_alone(folder):
                return ""
            folder.failure_file.unlink(missing_ok=True)
            train(description)
    except AscError as error:
        return str(error)
    except Exception as error:  # other runs continue; the report includes the traceback
        return f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
    finally:
        gc.collect()  # frees reference cycles, and with them a run's clips on the device
    return ""


@contextmanager
def _little_garbage() -> Iterator[None]:
    """Exclude present objects, such as imported modules, from garbage collection.

    A collection follows each run. With all objects, about a million, it takes three times as long as a small run.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def _claimed(folder: RunFolder) -> Iterator[bool]:
    """Claim the run for this launch; yield whether it was free. The claim ends with the process.

    It is separate from the lock of `RunFolder`, which `train` takes after loading the clips. The claim is cheap to
    check, and is held from before the check for a finished run until the result is written.
    """
    with lock(folder.claim_file) as free:
        yield free


def _trained_alone(folder: RunFolder) -> bool:
    """Return whether a separate training command (`python -m asc.train`) holds the run."""
    try:
        with folder.locked():
            return False
    except RunError:
        return True
