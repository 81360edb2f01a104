"""One run of a job: its history, the epoch it keeps, and the result it ends with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import torch
from torch import nn

from asc.machine import Machine
from asc.run import Run
from asc.run_folder import RunFolder
from asc.task import Row, Task
from common.files import write_json, write_text


@dataclass
class Member:
    """A run in training: a row for each epoch, and the best epoch's weights."""

    run: Run
    folder: RunFolder
    network: nn.Module
    history: list[Row] = field(default_factory=list)
    best: dict[str, Any] | None = None

    @property
    def _judged_by(self) -> str:
        """Column by which the epoch to keep is chosen, if it is not the last."""
        return self.run.training.keep.removeprefix("best-") + "_accuracy"

    @property
    def kept_epoch(self) -> int:
        """The first of the best epochs; the last where the last is kept."""
        if self.run.training.keep == "last":
            return len(self.history) - 1
        scores = [row[self._judged_by] for row in self.history]
        return scores.index(max(scores))

    @property
    def is_best_now(self) -> bool:
        """Whether the epoch just trained is the one to keep."""
        return self.kept_epoch == len(self.history) - 1

    @property
    def impatient(self) -> bool:
        """Whether no epoch was better for as long as the run has patience, or none can be, as accuracy is 1."""
        patience = self.run.training.patience
        if not self.history or patience is None:
            return False
        waited, best = len(self.history) - 1 - self.kept_epoch, self.history[self.kept_epoch][self._judged_by]
        return waited >= patience or best == 1

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps beside the network and its optimizer."""
        return {"history": self.history, "best": self.best}

    def finish(self, task: Task, scores: Row, machine: Machine) -> None:
        """Write the final weights, metrics and, last, the result.

        Parameters
        ----------
        task
            The run's data.
        scores
            Accuracies that are not in the history.
        """
        self.folder.write_description(self.run)
        write_metrics([self.history], self.folder)
        self.folder.write_weights(self.network, task.state())
        result = {
            "epochs": len(self.history),
            "kept_epoch": self.kept_epoch,
            **scores,
            **task.summary(self.network, self.history, self.kept_epoch),
            "parameters": sum(p.numel() for p in self.network.parameters() if p.requires_grad),
            "seconds_per_epoch": float(pd.Series([row["seconds"] for row in self.history]).median()),
            "accelerator": machine.accelerator,
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        }
        # An accuracy may be missing, as of unseen devices where there are none; JSON has no NaN.
        write_json(self.folder.result_file, {key: None if value != value else value for key, value in result.items()})


def write_metrics(histories: Sequence[Sequence[Row]], folder: RunFolder) -> None:
    """Write one row an epoch: the history of a run, or the mean of a stack's."""
    table = pd.DataFrame(list(histories[0]))
    if len(histories) > 1:
        table = pd.concat([pd.DataFrame(list(each)) for each in histories]).groupby("epoch", as_index=False).mean()
    write_text(folder.metrics_file, table.astype({"epoch": int}).to_csv(index=False, lineterminator="\n"))
