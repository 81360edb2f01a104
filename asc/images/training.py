"""Trains runs on images, one alone or a stack together: starts them, continues them, or finds them done."""

import copy
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from asc.accelerator import set_up
from asc.checkpoint import AtomicCheckpointIO
from asc.images.batches import PARTS, ImageBatches, PartName, open_set, tested_parts
from asc.images.description import ImageRun, Stack
from asc.images.learners import Learner, NetworkLearner, learning_rate, make_learner
from asc.images.networks import build_network
from asc.run_folder import RunFolder
from common.files import remove_stale_temporaries, write_json, write_text
from common.identity import digest
from common.progress import progress
from models.pruning.prune import PruningError

# A run that is stopped loses at most so many seconds of work, or one epoch.
CHECKPOINT_SECONDS = 20.0


@dataclass
class Member:
    """One run of a job, and what has become of it: a row for each epoch, and the best epoch's weights."""

    run: ImageRun
    folder: RunFolder
    network: nn.Module
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, Any] | None = None

    @property
    def judged_by(self) -> str:
        """The column that says which epoch's weights are kept, if it is not the last."""
        return self.run.training.keep.removeprefix("best-") + "_accuracy"

    @property
    def best_epoch(self) -> int:
        """The first epoch that no other was better than; the last where the last is kept."""
        if self.run.training.keep == "last":
            return len(self.history) - 1
        scores = [row[self.judged_by] for row in self.history]
        return scores.index(max(scores))

    @property
    def impatient(self) -> bool:
        """Whether no epoch was better for as long as the run has patience, or none can be as nothing is wrong now."""
        patience = self.run.training.patience
        if not self.history or patience is None:
            return False
        waited, best = len(self.history) - 1 - self.best_epoch, self.history[self.best_epoch][self.judged_by]
        return waited >= patience or best == 1

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps beside the network."""
        return {"history": self.history, "best": self.best}


class Job:
    """Runs in training: their members, their batches, the learner, and the checkpoint they share."""

    def __init__(self, home: RunFolder, members: Sequence[Member], batches: ImageBatches) -> None:
        self.home, self.members, self.batches = home, members, batches
        self.files = AtomicCheckpointIO()
        states: list[dict[str, Any]] = []
        if home.checkpoint_file.is_file():
            saved = self.files.load_checkpoint(home.checkpoint_file)["members"]
            states = [saved[member.run.identity] for member in members]
            for member, state in zip(members, states, strict=True):
                member.history, member.best = state["history"], state["best"]
        self.learner: Learner = make_learner(
            [member.run for member in members], [member.network for member in members], states
        )

    @property
    def epoch(self) -> int:
        """The epoch to come."""
        return len(self.members[0].history)

    @property
    def over(self) -> bool:
        """Whether all epochs are done, or the run has lost its patience."""
        return self.epoch >= self.members[0].run.epochs or self.members[0].impatient

    def train_epoch(self) -> None:
        """Learn from every training example once, and record how that went."""
        start, epoch = time.monotonic(), self.epoch
        rates = [learning_rate(epoch, member.run.training) for member in self.members]
        losses, count = torch.zeros(len(self.members), device=self.batches.device), 0
        with _chance(self.members[0].run.seed, epoch, self.batches.device):
            for inputs, labels in self.batches.epoch(epoch):
                losses += self.learner.step(inputs, labels, rates) * len(labels)
                count += len(labels)
        parts = [part for part in tested_parts(self.members[0].run.training) if self.batches.size(part)]
        scores = {f"{part}_accuracy": self._accuracies(self.learner, part).tolist() for part in parts}
        seconds = round(time.monotonic() - start, 3)
        for place, (member, rate, loss) in enumerate(zip(self.members, rates, (losses / count).tolist(), strict=True)):
            row = {"epoch": float(epoch), "learning_rate": rate, "train_loss": loss}
            row |= {name: values[place] for name, values in scores.items()}
            member.history.append(row | {"seconds": seconds})
        self._keep_best()

    def _accuracies(self, learner: Learner, part: PartName) -> Tensor:
        right: Tensor | float = 0.0
        with parametrize.cached():  # each weight is formed once, not for every batch
            for inputs, labels in self.batches.part(part):
                right += (learner.logits(inputs).argmax(dim=2) == labels).sum(dim=1)
        return torch.as_tensor(right / self.batches.size(part))

    def _keep_best(self) -> None:
        better = [m for m in self.members if m.run.training.keep != "last" and m.best_epoch == len(m.history) - 1]
        states = self.learner.states() if better else []
        for member, state in zip(self.members, states, strict=False):
            if any(member is one for one in better):
                member.best = copy.deepcopy(state["network"])

    def save(self) -> None:
        """Write the checkpoint, and what an overview reads."""
        states = zip(self.members, self.learner.states(), strict=True)
        members = {member.run.identity: state | member.state() for member, state in states}
        self.files.save_checkpoint({"members": members}, self.home.checkpoint_file)
        tables = [pd.DataFrame(member.history) for member in self.members]
        _write_table(pd.concat(tables).groupby("epoch", as_index=False).mean(), self.home)

    def finish(self) -> None:
        """Test each run on what it was not tested on after every epoch; write its weights and result."""
        self.learner.states()  # brings the networks up to date
        for member in self.members:
            if member.best is not None:
                member.network.load_state_dict(member.best)
            tested, learner = tested_parts(member.run.training), NetworkLearner(member.network, member.run.training)
            rest = [part for part in PARTS if part not in tested and self.batches.size(part)]
            _finish(member, {f"{part}_accuracy": float(self._accuracies(learner, part)) for part in rest})


@contextmanager
def _chance(seed: int, epoch: int, device: torch.device) -> Iterator[None]:
    """Let dropout depend on the run and the epoch alone, not on what a process did before."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(int(digest(["dropout", seed, epoch])[:16], 16))
        yield


def _write_table(table: pd.DataFrame, folder: RunFolder) -> None:
    write_text(folder.metrics_file, table.astype({"epoch": int}).to_csv(index=False, lineterminator="\n"))


def _finish(member: Member, accuracies: dict[str, float]) -> None:
    folder = member.folder
    folder.write_description(member.run)
    history = pd.DataFrame(member.history)
    _write_table(history, folder)
    folder.write_weights(member.network)
    kept, best = history.iloc[member.best_epoch], history["test_accuracy"].max()
    accuracies |= {name: float(kept[name]) for name in history.columns if name.endswith("_accuracy")}
    result = {
        "epochs": len(history),
        "kept_epoch": member.best_epoch,
        **accuracies,
        "best_test_accuracy": float(best),
        "parameters": sum(p.numel() for p in member.network.parameters() if p.requires_grad),
        "seconds_per_epoch": float(history["seconds"].median()),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    write_json(folder.result_file, {key: None if value != value else value for key, value in result.items()})


@contextmanager
def _held(folders: Sequence[RunFolder]) -> Iterator[None]:
    """Hold every folder against other processes."""
    with ExitStack() as locks:
        for folder in dict.fromkeys(folders):
            locks.enter_context(folder.locked())
            remove_stale_temporaries(folder.path)
        yield


def train_images(job: ImageRun | Stack, images: Path, runs: Path, accelerator: str) -> None:
    """Bring the runs of a job to their end, from wherever they are.

    Finished runs are left alone. A job that stopped continues from its last checkpoint and ends, on the same kind of
    machine with as many threads, in the very weights it would have had. A run whose pruning method leaves nothing to
    train is finished with that: its result has the reason as `failure`, and no accuracy.

    Parameters
    ----------
    job
        A run, or a stack of small ones.
    images
        Folder of image sets.
    runs
        Folder of all runs.
    accelerator
        `cpu` or `cuda`.

    Raises
    ------
    DataError, ConfigError, RunError
        If the data is missing or not the one described, a setting does not fit, or another process trains a run.
    """
    home = RunFolder.of(job, runs)
    wanted = [(run, RunFolder.of(run, runs)) for run in (job.runs if isinstance(job, Stack) else (job,))]
    with _held([home, *(folder for _, folder in wanted)]):
        pending = [(run, folder) for run, folder in wanted if not folder.done]
        if pending:
            set_up(accelerator)
            _train(home, pending, images, torch.device(accelerator))
        if isinstance(job, Stack):
            write_json(home.result_file, {"runs": [folder.name for _, folder in wanted]})
        home.checkpoint_file.unlink(missing_ok=True)


def _start(run: ImageRun, folder: RunFolder, batches: ImageBatches) -> Member | None:
    """Return a run at its start; None if pruning leaves nothing to train, which is then what the run ends with."""
    try:
        network = build_network(run, batches.scoring(run))
    except PruningError as error:
        folder.write_description(run)
        write_json(folder.result_file, {"epochs": 0, "failure": str(error)})
        return None
    return Member(run, folder, network.to(batches.device))


def _train(home: RunFolder, pending: Sequence[tuple[ImageRun, RunFolder]], images: Path, device: torch.device) -> None:
    first = pending[0][0]
    batches = ImageBatches(first, open_set(first.data, images), device)
    started = [_start(run, folder, batches) for run, folder in pending]
    members = [member for member in started if member is not None]
    if not members:
        return
    job = Job(home, members, batches)
    saved = time.monotonic()
    with progress(home.path.parent.name, first.epochs, "epochs") as advance:
        advance(job.epoch, counts=False)
        while not job.over:
            job.train_epoch()
            mean = sum(member.history[-1]["test_accuracy"] for member in members) / len(members)
            advance(note=f"test {mean:.1%}")
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                job.save()
                saved = time.monotonic()
    job.finish()
