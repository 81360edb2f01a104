"""Files of a run folder, and search for run folders."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from asc.run import Run
from common.errors import RunError
from common.files import atomic_path, write_json
from common.identity import from_plain, plain
from common.locks import lock
from common.natural_order import natural_key


class Described(Protocol):
    """Interface of descriptions of runs and stacks, which are frozen dataclasses."""

    @property
    def title(self) -> str:
        """Readable short name."""

    @property
    def identity(self) -> str:
        """SHA-256 of all fields except the seed."""

    @property
    def seed(self) -> int:
        """Seed, which differs between the runs of a configuration."""

    @property
    def epochs(self) -> int:
        """Maximum number of epochs."""


@dataclass(frozen=True)
class RunFolder:
    """Folder of a run, `<runs>/<title>-<hash>/seed-<n>/`. A run is finished if its `result_file` exists."""

    path: Path

    @classmethod
    def of(cls, description: Described, runs: Path) -> "RunFolder":
        """Return the folder of a description below `runs`, which may not exist."""
        return cls(runs / f"{description.title}-{description.identity[:12]}" / f"seed-{description.seed}")

    @property
    def name(self) -> str:
        """Configuration and seed."""
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def description_file(self) -> Path:
        """Description of the run, with all fields."""
        return self.path / "description.json"

    @property
    def split_file(self) -> Path:
        """Side of each clip in the split, one row per clip."""
        return self.path / "split.csv"

    @property
    def metrics_file(self) -> Path:
        """Metrics, one row per finished epoch."""
        return self.path / "metrics.csv"

    @property
    def checkpoint_file(self) -> Path:
        """Last checkpoint; removed when the run is finished."""
        return self.path / "last.ckpt"

    @property
    def predictions_folder(self) -> Path:
        """Folder of predictions, one table for each of the last epochs."""
        return self.path / "predictions"

    def predictions_file(self, epoch: int) -> Path:
        """Return the file of the predictions after epoch `epoch`."""
        return self.predictions_folder / f"epoch-{epoch:04d}.parquet"

    @property
    def example_file(self) -> Path:
        """Spectrograms of one recording by two devices."""
        return self.path / "example.npz"

    @property
    def weights_file(self) -> Path:
        """Final weights."""
        return self.path / "weights.safetensors"

    def map_file(self, layer: str) -> Path:
        """Return the file of a layer's effective receptive field."""
        return self.path / f"erf-{layer}.npz"

    @property
    def result_file(self) -> Path:
        """Scores and costs, written when the run is finished."""
        return self.path / "result.json"

    @property
    def claim_file(self) -> Path:
        """Lock file of the launch that trains this run among others."""
        return self.path / ".claim"

    @property
    def failure_file(self) -> Path:
        """Error report of the last attempt if it failed; the first line is the reason."""
        return self.path / "failure.txt"

    @property
    def done(self) -> bool:
        """Whether the run is finished."""
        return self.result_file.is_file()

    @property
    def epochs(self) -> int:
        """Number of epochs in the description of the run or stack.

        Raises
        ------
        RunError
            If the description is missing or has no number of epochs.
        """
        try:
            return int(self._written()["training"]["epochs"])
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise RunError(f"{self.description_file} is not a run description: {error}") from error

    def _written(self) -> Any:
        return json.loads(self.description_file.read_text(encoding="utf-8"))

    def write_description(self, description: Described) -> None:
        """Write the description; if there is one, check that it is the same.

        Raises
        ------
        RunError
            If the folder has the description of another run.
        """
        if self.description_file.is_file():
            if self.description() != description:
                raise RunError(f"{self.path} has the description of another run; move that folder away")
            return
        write_json(self.description_file, plain(description))

    def description(self) -> Run:
        """Read the description.

        Raises
        ------
        RunError
            If it is missing or cannot be read.
        """
        try:
            return from_plain(Run, self._written())
        except (OSError, ValueError) as error:
            raise RunError(f"{self.description_file} is not a run description: {error}") from error

    def write_weights(self, network: nn.Module, inputs: Mapping[str, Tensor] | None = None) -> None:
        """Write the final weights atomically: the network's state, and that of its input normalisation as `inputs.`."""
        tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
        tensors |= {f"inputs.{name}": tensor for name, tensor in (inputs or {}).items()}
        state = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        with atomic_path(self.weights_file) as temporary:
            temporary.write_bytes(save(state))  # `save_file` would make files that only their owner may read

    def read_weights(self) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Read the final weights: the network's state, and that of its input normalisation.

        Raises
        ------
        RunError
            If the file cannot be read.
        """
        try:
            state = load(self.weights_file.read_bytes())
        except (OSError, SafetensorError) as error:
            raise self.unusable_weights(error) from error
        network, inputs = (
            {name.removeprefix(part): tensor for name, tensor in state.items() if name.startswith(part)}
            for part in ("network.", "inputs.")
        )
        return network, inputs

    def unusable_weights(self, error: Exception) -> RunError:
        """Return an error about unusable weights, with advice."""
        return RunError(f"{self.weights_file} cannot be used: {error}; move the run's folder away and train it again")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the run during training; the lock ends with the process.

        Raises
        ------
        RunError
            If another process trains the run.
        AscError
            If the run cannot be locked, see `common.locks.lock`.
        """
        with lock(self.path / ".lock") as free:
            if not free:
                raise RunError(f"{self.path} is being trained by another process; wait for it or stop it")
            yield


def find_runs(paths: Sequence[Path]) -> list[RunFolder]:
    """Return the runs at `paths` in order, without duplicates.

    A path is a run (`seed-<n>`), a configuration (`<title>-<hash>`: all its seeds) or a folder of configurations.

    Raises
    ------
    RunError
        If a path has no run.
    """
    found: dict[Path, RunFolder] = {}
    for path in paths:
        here = [path] if (path / "description.json").is_file() else []
        below = sorted(
            (file.parent for pattern in ("seed-*", "*/seed-*") for file in path.glob(f"{pattern}/description.json")),
            key=lambda folder: (natural_key(folder.parent.name), natural_key(folder.name)),
        )
        if not here and not below:
            raise RunError(f"{path} has no run (no seed-<n>/description.json in it or one folder below)")
        found.update({folder.resolve(): RunFolder(folder) for folder in here + below})
    return list(found.values())


def finished_runs(paths: Sequence[Path]) -> list[RunFolder]:
    """Return the finished runs at `paths` (see `find_runs`), with a warning on standard error for each other run.

    Raises
    ------
    RunError
        If no run is finished.
    """
    runs = find_runs(paths)
    for run in runs:
        if not run.done:
            print(f"warning: {run.path} is not finished and is skipped", file=sys.stderr)
    done = [run for run in runs if run.done]
    if not done:
        raise RunError("none of these runs is finished; train them to the end first")
    return done
