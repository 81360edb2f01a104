"""Trains one run, or a stack of small ones: starts it, continues it, or finds it done."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning.fabric import Fabric

from asc.checkpoint import read_checkpoint
from asc.fabric import end_processes, make_fabric
from asc.job import Job
from asc.machine import Machine
from asc.members import Member
from asc.networks import build_network
from asc.open_data import DataSource, open_task
from asc.run import Run, Stack
from asc.run_folder import RunFolder
from asc.scenes.loader_workers import naming_lost_workers
from asc.task import Task
from common.errors import DataError
from common.files import remove_stale_temporaries, write_json
from models.complexity import accepts
from models.pruning.prune import PruningError
from models.registry import build


@contextmanager
def _held(folders: Sequence[RunFolder], first: bool) -> Iterator[None]:
    """Hold every folder against other trainings; processes that share a run leave that to the first of them."""
    with ExitStack() as locks:
        for folder in dict.fromkeys(folders) if first else ():
            locks.enter_context(folder.locked())
            remove_stale_temporaries(folder.path)
        yield


def train(job: Run | Stack, data: DataSource, runs: Path, machine: Machine) -> RunFolder:
    """Bring the runs of a job to their end, from wherever they are, and return the job's folder.

    Finished runs are left alone. A job that stopped continues from its last checkpoint and ends, on the same kind of
    machine with as many threads, in the very weights it would have had. `result.json` is written last. A run whose
    pruning method leaves nothing to train is finished with that: its result has the reason as `failure`.

    Parameters
    ----------
    job
        A run, or a stack of small ones.
    data
        Prepared set, or the folder of one; of runs on images, the folder of image sets.
    runs
        Folder of all runs.
    machine
        Where and how to compute.

    Raises
    ------
    DataError, ConfigError, RunError
        If the data is missing or not the data described, a setting does not fit, the loss diverges, or another process
        trains a run.
    """
    home = RunFolder.of(job, runs)
    members = [(run, RunFolder.of(run, runs)) for run in (job.runs if isinstance(job, Stack) else (job,))]
    if isinstance(job, Run) and home.done:
        return home
    training = members[0][0].training
    fabric = make_fabric(machine.accelerator, training.precision, training.world_size)
    task = _open(members, data, machine, fabric)
    with _held([home, *(folder for _, folder in members)], fabric.is_global_zero):
        pending = [(run, folder) for run, folder in members if not folder.done]
        if pending and task is not None:
            _train(home, pending, task, machine, fabric)
        if isinstance(job, Stack):
            write_json(home.result_file, {"runs": [folder.name for _, folder in members]})
        if fabric.is_global_zero and not machine.keep_checkpoint:
            home.checkpoint_file.unlink(missing_ok=True)
    end_processes(fabric)
    return home


def _open(members: Sequence[tuple[Run, RunFolder]], data: DataSource, machine: Machine, fabric: Fabric) -> Task | None:
    """Open the data of runs that are not done, before anything is written: what does not fit leaves no folder."""
    pending = [run for run, folder in members if not folder.done]
    if not pending:
        return None
    task = open_task(pending[0], data, fabric.device, machine, fabric.global_rank)
    for run in pending:
        _check_size(run, task)
    return task


def _train(
    home: RunFolder, pending: Sequence[tuple[Run, RunFolder]], task: Task, machine: Machine, fabric: Fabric
) -> None:
    saved = read_checkpoint(home.checkpoint_file) if home.checkpoint_file.is_file() else None
    alone = fabric.is_global_zero and pending[0][1] == home
    started = [_start(run, folder, task, saved, opens=alone) for run, folder in pending]
    members = [member for member in started if member is not None]
    if members:
        job = Job(home, members, task, fabric, saved)
        with naming_lost_workers():
            job.train(machine)
        if fabric.is_global_zero:
            job.finish(machine)


def _start(run: Run, folder: RunFolder, task: Task, saved: dict[str, Any] | None, *, opens: bool) -> Member | None:
    """Return a run at its start or where it was saved; None if pruning leaves nothing to train."""
    try:
        stored = saved[run.identity]["network"] if saved else None
        network = build_network(run, task.scored(run), stored)
    except PruningError as error:
        folder.write_description(run)
        write_json(folder.result_file, {"epochs": 0, "failure": str(error)})
        return None
    if opens:
        folder.write_description(run)
        task.open(folder)
    return Member(run, folder, network)


def _check_size(run: Run, task: Task) -> None:
    with torch.device("meta"):
        network = build(run.network)
    if not accepts(network, task.input_shape):
        raise DataError(
            f"inputs of shape {task.input_shape} do not fit this network; of clips that are too short, prepare longer "
            "ones (--seconds), or lower --depth"
        )
