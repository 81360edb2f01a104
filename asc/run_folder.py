"""Where everything of a run stands on disk, and which folders are runs."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from safetensors.torch import save
from torch import nn

from asc.description import RunDescription
from common.errors import RunError
from common.files import atomic_path, write_json
from common.identity import from_plain, plain
from common.locks import lock
from evaluation.accuracy import natural


class Described(Protocol):
    """What every description of a run says of itself, whatever it trains on; a frozen dataclass."""

    @property
    def title(self) -> str:
        """Short name for people."""

    @property
    def identity(self) -> str:
        """SHA-256 over everything but the seed."""

    @property
    def seed(self) -> int:
        """What tells the runs of one configuration apart."""

    @property
    def epochs(self) -> int:
        """Passes over the training data, at most."""


D = TypeVar("D", bound=Described)


@dataclass(frozen=True)
class RunFolder:
    """`<runs>/<title>-<hash>/seed-<n>/`: one run. `result_file` is written last; where it stands the run is done."""

    path: Path

    @classmethod
    def of(cls, description: Described, runs: Path) -> "RunFolder":
        """Return the folder that `description` names below `runs`, whether it exists or not."""
        return cls(runs / f"{description.title}-{description.identity[:12]}" / f"seed-{description.seed}")

    @property
    def name(self) -> str:
        """Configuration and seed."""
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def description_file(self) -> Path:
        """The run's description, every field."""
        return self.path / "description.json"

    @property
    def split_file(self) -> Path:
        """Which clip is on which side, one row a clip."""
        return self.path / "split.csv"

    @property
    def metrics_file(self) -> Path:
        """One row a finished epoch."""
        return self.path / "metrics.csv"

    @property
    def checkpoint_file(self) -> Path:
        """State after the last epoch that was saved; removed when the run is done."""
        return self.path / "last.ckpt"

    @property
    def predictions_folder(self) -> Path:
        """One table of predictions for each of the last epochs."""
        return self.path / "predictions"

    def predictions_file(self, epoch: int) -> Path:
        """Return the table of predictions after epoch `epoch`."""
        return self.predictions_folder / f"epoch-{epoch:04d}.parquet"

    @property
    def example_file(self) -> Path:
        """One recording as two devices hear it."""
        return self.path / "example.npz"

    @property
    def weights_file(self) -> Path:
        """The final weights."""
        return self.path / "weights.safetensors"

    def map_file(self, layer: str) -> Path:
        """Return the effective receptive field of a layer, where it was computed."""
        return self.path / f"erf-{layer}.npz"

    @property
    def result_file(self) -> Path:
        """Scores and costs; its presence marks a finished run."""
        return self.path / "result.json"

    @property
    def done(self) -> bool:
        """Whether the run is finished."""
        return self.result_file.is_file()

    @property
    def epochs(self) -> int:
        """How many epochs the run has, as its description says, whatever kind of run it is.

        Raises
        ------
        RunError
            If the description is missing or does not say.
        """
        try:
            return int(self._written()["training"]["epochs"])
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise RunError(f"{self.description_file} is no run description: {error}") from error

    def _written(self) -> Any:
        return json.loads(self.description_file.read_text(encoding="utf-8"))

    def write_description(self, description: Described) -> None:
        """Write the description, or check that the one there is the same.

        Raises
        ------
        RunError
            If another run's description stands there.
        """
        if self.description_file.is_file():
            if self.description_as(type(description)) != description:
                raise RunError(f"{self.path} holds another run's description; move that folder away")
            return
        write_json(self.description_file, plain(description))

    def description(self) -> RunDescription:
        """Read the description of a run on acoustic scenes back; see `description_as`."""
        return self.description_as(RunDescription)

    def description_as(self, kind: type[D]) -> D:
        """Read the description of a run of this kind back.

        Raises
        ------
        RunError
            If it is missing or not readable as one.
        """
        try:
            return from_plain(kind, self._written())
        except (OSError, ValueError) as error:
            raise RunError(f"{self.description_file} is no run description: {error}") from error

    def write_weights(self, network: nn.Module) -> None:
        """Write the final weights, whole or not at all."""
        state = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
        with atomic_path(self.weights_file) as temporary:
            temporary.write_bytes(save(state))  # not `save_file`, whose files nobody but their owner may read

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run while training it; the lock goes with the process, however that ends.

        Raises
        ------
        RunError
            If another process trains it now.
        AscError
            If it cannot be locked, see `common.locks.lock`.
        """
        with lock(self.path / ".lock") as free:
            if not free:
                raise RunError(f"{self.path} is being trained by another process; wait for it or stop it")
            yield


def find_runs(paths: Sequence[Path]) -> list[RunFolder]:
    """Return the runs at `paths`, in order and each once.

    A path is a run (`seed-<n>`), a configuration (`<title>-<hash>`: all its seeds) or a folder of configurations.

    Raises
    ------
    RunError
        If a path holds no run.
    """
    found: dict[Path, RunFolder] = {}
    for path in paths:
        here = [path] if (path / "description.json").is_file() else []
        below = sorted(
            (file.parent for pattern in ("seed-*", "*/seed-*") for file in path.glob(f"{pattern}/description.json")),
            key=lambda folder: (natural(folder.parent.name), natural(folder.name)),
        )
        if not here and not below:
            raise RunError(f"{path} holds no run (looked for seed-<n>/description.json in it and one folder below)")
        found.update({folder.resolve(): RunFolder(folder) for folder in here + below})
    return list(found.values())


def finished_runs(paths: Sequence[Path]) -> list[RunFolder]:
    """Return the finished runs at `paths` (see `find_runs`); others are named on standard error and left out.

    Raises
    ------
    RunError
        If none is finished.
    """
    runs = find_runs(paths)
    for run in runs:
        if not run.done:
            print(f"warning: {run.path} is not finished and is left out", file=sys.stderr)
    done = [run for run in runs if run.done]
    if not done:
        raise RunError("none of these runs is finished; train them to the end first")
    return done
