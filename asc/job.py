"""The training loop of a job: one run, or several small ones that are trained together."""

import copy
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from lightning.fabric import Fabric
from lightning.fabric.loggers.tensorboard import TensorBoardLogger
from torch.nn.utils import parametrize

from asc.checkpoint import BackgroundCheckpoint
from asc.learners import Learner, NetworkLearner, make_learner
from asc.machine import Machine
from asc.members import Member, write_metrics
from asc.run import Run
from asc.run_folder import RunFolder
from asc.schedules import learning_rate
from asc.task import Task
from common.errors import RunError
from common.identity import digest
from common.progress import Advance, progress

_BETWEEN_TABLES = 1.0  # seconds between two writes of the metrics


class Job:
    """Runs in training: their members, their data, the learner, and the checkpoint that they share."""

    def __init__(
        self, home: RunFolder, members: Sequence[Member], task: Task, fabric: Fabric, saved: dict[str, Any] | None
    ) -> None:
        self.home, self.members, self.task, self.fabric = home, members, task, fabric
        states: list[dict[str, Any]] = []
        if saved is not None:
            states = [saved[member.run.identity] for member in members]
            for member, state in zip(members, states, strict=True):
                member.history, member.best = state["history"], state["best"]
        runs, networks = [member.run for member in members], [member.network for member in members]
        self.learner: Learner = make_learner(runs, networks, fabric, states)
        self.checkpoint = BackgroundCheckpoint(home.checkpoint_file)
        self.told = -math.inf
        self.logger = (
            TensorBoardLogger(home.path, name="", version="tensorboard") if home == members[0].folder else None
        )

    @property
    def first(self) -> Run:
        """The first run: all have the same data, schedule and seed."""
        return self.members[0].run

    @property
    def epoch(self) -> int:
        """The epoch to come."""
        return len(self.members[0].history)

    @property
    def over(self) -> bool:
        """Whether all epochs are done, or the run has lost its patience."""
        return self.epoch >= self.first.epochs or self.members[0].impatient

    def train(self, machine: Machine) -> None:
        """Train all epochs that are left; save as often as writing takes a twentieth of the time."""
        shown = progress(self.home.path.parent.name, self.task.steps * self.first.epochs, "steps")
        with ExitStack() as exits:
            exits.callback(self.checkpoint.wait)
            exits.callback(self._end_log)
            advance: Advance | None = exits.enter_context(shown) if self.fabric.is_global_zero else None
            if advance:
                advance(self.task.steps * self.epoch, counts=False)
            while not self.over:
                self._train_epoch(advance)
                if not self.fabric.is_global_zero:
                    continue
                self._write_table(always=self.over)
                if machine.keep_checkpoint if self.over else self.checkpoint.due:
                    self.save()

    def _train_epoch(self, advance: Advance | None) -> None:
        """Take every training step of an epoch, then test."""
        start, epoch = time.monotonic(), self.epoch
        rates = [learning_rate(epoch, member.run.training) for member in self.members]
        losses, count = torch.zeros(len(self.members), device=self.task.device), 0
        self.learner.before_epoch(epoch)
        with _epoch_seed(self.first.seed, epoch, self.fabric):
            for batch in self.task.batches(epoch):
                losses += self.learner.step(batch, rates) * len(batch.labels)
                count += len(batch.labels)
                if advance:
                    advance()
        mean = torch.as_tensor(self.fabric.all_reduce(losses / count, reduce_op="mean")).tolist()
        self._check(epoch, mean)
        scores: Sequence[dict[str, float]] = [{}] * len(self.members)
        if self.fabric.is_global_zero:
            with parametrize.cached(), torch.no_grad():  # each weight is formed once, not for every batch
                scores = self.task.scores(epoch, self.learner.logits, self.home)
        if self.first.training.world_size > 1:
            scores = self.fabric.broadcast(scores)  # by which the best epoch is found, and patience ends a run
        if advance:
            advance(0, note=_note(epoch, self.first.epochs, scores))
        seconds = round(time.monotonic() - start, 3)
        for member, rate, loss, row in zip(self.members, rates, mean, scores, strict=True):
            first = {"epoch": float(epoch), "learning_rate": rate, "train_loss": loss}
            member.history.append(first | row | {"seconds": seconds})
        self._keep_best()

    def _check(self, epoch: int, losses: Sequence[float]) -> None:
        broken = [loss for loss in losses if not abs(loss) < float("inf")]
        if broken and self.task.must_converge:
            raise RunError(
                f"the training loss of epoch {epoch} is {broken[0]}: training has diverged; the last "
                "checkpoint is of an epoch before; try a lower --learning-rate or --precision 32-true"
            )

    def _keep_best(self) -> None:
        better = [m for m in self.members if m.run.training.keep != "last" and m.is_best_now]
        states = self.learner.states() if better and self.fabric.is_global_zero else []
        for member, state in zip(self.members, states, strict=False):
            if any(member is one for one in better):
                member.best = copy.deepcopy(state["network"])

    def _write_table(self, *, always: bool) -> None:
        """Write the metrics, of a stack their mean, unless they have just been written."""
        if always or self.checkpoint.due or time.monotonic() - self.told > _BETWEEN_TABLES:
            write_metrics([member.history for member in self.members], self.home)
            self.told = time.monotonic()
        if self.logger:
            self.logger.log_metrics(self.members[0].history[-1], step=self.epoch - 1)

    def _end_log(self) -> None:
        if self.logger:
            self.logger.finalize("success")

    def save(self) -> None:
        """Write the checkpoint."""
        states = zip(self.members, self.learner.states(), strict=True)
        self.checkpoint.save({member.run.identity: state | member.state() for member, state in states})

    def finish(self, machine: Machine) -> None:
        """Score each network on the parts that are not scored after every epoch; write its weights and result."""
        self.learner.states()  # brings the networks up to date
        for member in self.members:
            if member.best is not None:
                member.network.load_state_dict(member.best)
            learner = NetworkLearner(member.run, member.network, self.fabric)
            with parametrize.cached(), torch.no_grad():
                rest = self.task.final_scores(learner.logits)
            member.finish(self.task, rest, machine)


def _note(epoch: int, epochs: int, scores: Sequence[dict[str, float]]) -> str:
    """Return the epoch and its accuracies, of a stack their means."""
    named = [name for name in scores[0] if name.endswith("_accuracy")]
    means = {name.removesuffix("_accuracy"): sum(row[name] for row in scores) / len(scores) for name in named}
    told = {part: value for part, value in means.items() if part in ("seen", "unseen", "test")}
    return ", ".join([f"epoch {epoch + 1}/{epochs}", *(f"{part} {value:.1%}" for part, value in told.items())])


@contextmanager
def _epoch_seed(seed: int, epoch: int, fabric: Fabric) -> Iterator[None]:
    """Let dropout depend on the run, the epoch and the process alone, not on what was drawn before."""
    device = fabric.device
    key: list[object] = ["dropout", seed, epoch, *([fabric.global_rank] if fabric.global_rank else [])]
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(int(digest(key)[:16], 16))
        yield
