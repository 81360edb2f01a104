"""A run that several processes share, trained as a command of its own where it is one of many.

The trainer starts the command that it is part of again for each further process. Where many runs are trained one after
another that would be the whole list, so such a run gets a command for itself: `python -m asc.shared_run`.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from asc.clips import Residency
from asc.description import RunDescription
from asc.training import Machine, train, train_one_of_many
from common.command import run_command
from common.errors import RunError
from common.files import write_json
from common.identity import from_plain, plain
from data_prep.storage import PreparedSet


@dataclass(frozen=True, kw_only=True)
class Options:
    """Train the run that a file describes."""

    description: Path
    """The run's description, as its folder holds it."""
    data: Path
    """Prepared set."""
    runs: Path
    """Folder of all runs."""
    accelerator: str
    """Where to train."""
    workers: int
    """Processes that load batches."""
    residency: Residency
    """Where the clips live."""
    keep_checkpoint: bool = False
    """Keep the last checkpoint."""


def train_alone_or_shared(description: RunDescription, data: Path, runs: Path, machine: Machine) -> None:
    """Bring a run to its end: in this process, or in as many as share it.

    Raises
    ------
    RunError
        If the command of a shared run fails; it has said why on standard error.
    """
    if description.training.world_size == 1:
        train_one_of_many(description, data, runs, machine)
        return
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "description.json")
        write_json(file, plain(description))
        places = ["--description", str(file), "--data", str(data), "--runs", str(runs)]
        how = ["--accelerator", machine.accelerator, "--workers", str(machine.workers)]
        how += ["--residency", machine.residency, *["--keep-checkpoint"] * machine.keep_checkpoint]
        command = [sys.executable, "-m", "asc.shared_run", *places, *how]
        code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own command
    if code:
        raise RunError(f"the processes that share the run ended with exit code {code}; see the messages above")


def _command(options: Options) -> None:
    description = from_plain(RunDescription, json.loads(options.description.read_text(encoding="utf-8")))
    machine = Machine(
        accelerator=options.accelerator,
        workers=options.workers,
        residency=options.residency,
        keep_checkpoint=options.keep_checkpoint,
    )
    train(description, PreparedSet.open(options.data), options.runs, machine)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(Options, _command, arguments)


if __name__ == "__main__":
    sys.exit(main())
