"""Training of a run with several processes, as a separate command.

Lightning Fabric starts further processes with the same command line. A command that trains many runs would start all of
them again, so a run with several processes has a separate command, `python -m asc.shared_run`.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from asc.machine import Machine
from asc.run import Run, Stack
from asc.training import train
from common.command import run_command
from common.errors import RunError
from common.files import write_json
from common.identity import from_plain, plain


@dataclass(frozen=True, kw_only=True)
class SharedRunOptions:
    """Train the run that a file describes."""

    description: Path
    """File of the run's description."""
    data: Path
    """Prepared set, or folder of image sets."""
    runs: Path
    """Folder of all runs."""
    machine: Machine = field(default_factory=Machine)
    """Devices, loader workers and checkpoints."""


def train_alone_or_shared(job: Run | Stack, data: Path, runs: Path, machine: Machine) -> None:
    """Train a job until it is finished, in this process or in a separate command with several processes.

    Raises
    ------
    RunError
        If the separate command fails; its messages are on standard error.
    """
    if isinstance(job, Stack) or job.training.world_size == 1:
        train(job, data, runs, machine)
        return
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "description.json")
        write_json(file, plain(job))
        places = ["--description", str(file), "--data", str(data), "--runs", str(runs)]
        how = ["--machine.accelerator", machine.accelerator, "--machine.workers", str(machine.workers)]
        how += ["--machine.residency", machine.residency, *["--machine.keep-checkpoint"] * machine.keep_checkpoint]
        command = [sys.executable, "-m", "asc.shared_run", *places, *how]
        code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own command
    if code:
        raise RunError(f"the processes that share the run ended with exit code {code}; see the messages above")


def _command(options: SharedRunOptions) -> None:
    run = from_plain(Run, json.loads(options.description.read_text(encoding="utf-8")))
    train(run, options.data, options.runs, options.machine)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(SharedRunOptions, _command, arguments)


if __name__ == "__main__":
    sys.exit(main())
