"""What stands on disk after an epoch: predictions, accuracies, checkpoint; in that order, each whole or absent."""

import math
from contextlib import ExitStack
from time import monotonic
from typing import Any

import lightning
import pandas as pd
from torch import Tensor

from asc.checkpoint import BackgroundCheckpointIO
from asc.data import Sides, finished_epochs
from asc.module import SceneClassifier
from asc.prediction import logits_of, predictions_table, worth_keeping
from asc.run_folder import RunFolder
from asc.schedule import learning_rate
from common.files import atomic_path, write_text
from common.progress import Advance, progress
from data_prep.storage import PreparedSet
from evaluation.accuracy import accuracy
from evaluation.predictions import score

# A run's score is the mean over its last epochs (Koutini 2021, App. A.3); their predictions are kept.
LAST_EPOCHS = 10


def write_table(table: pd.DataFrame, file: Any) -> None:
    """Write a table as Parquet, whole or not at all."""
    with atomic_path(file) as temporary:
        table.to_parquet(temporary, index=False)


def epoch_row(predictions: pd.DataFrame) -> dict[str, float]:
    """Return the seen, unseen and per-device accuracies of one epoch's predictions."""
    row = accuracy(score(predictions), ["epoch"]).iloc[0]
    parts = {f"{part}_accuracy": float(row["part", part]) for part in ("seen", "unseen")}
    return parts | {f"accuracy:{device}": float(value) for device, value in row["device"].items()}


class EpochEnd(lightning.Callback):
    """Evaluates and records after each epoch, and saves after some; a run killed at any moment continues from there.

    Parameters
    ----------
    folder, prepared, sides
        The run's.
    files
        What writes checkpoints, and says how often.
    keep_checkpoint
        Save after the last epoch too, when a run that ends well has no more use for it.
    runs_per_gpu
        How many runs share a GPU, and its memory.
    """

    def __init__(
        self,
        folder: RunFolder,
        prepared: PreparedSet,
        sides: Sides,
        files: BackgroundCheckpointIO,
        keep_checkpoint: bool = False,
        runs_per_gpu: int = 1,
    ) -> None:
        self.folder, self.prepared, self.sides = folder, prepared, sides
        self.files, self.keep_checkpoint, self.runs_per_gpu = files, keep_checkpoint, runs_per_gpu
        self.exits = ExitStack()
        self.started = monotonic()
        self.advance: Advance | None = None
        self.kept: list[Tensor] | None = None

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Open the progress display, with the epochs of before already done."""
        if trainer.is_global_zero:
            assert isinstance(pl_module, SceneClassifier)  # noqa: S101 - the trainer hands over the module it was given
            values = len(self.sides.test) * math.prod(self.prepared.shape)
            self.kept = [] if worth_keeping(pl_module, values, self.runs_per_gpu) else None
            steps, epochs = int(trainer.num_training_batches), trainer.max_epochs or 0
            self.advance = self.exits.enter_context(progress(self.folder.path.parent.name, steps * epochs, "steps"))
            self.advance(steps * finished_epochs(trainer), counts=False)

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Start the epoch's clock."""
        self.started = monotonic()

    def on_train_batch_end(self, *_arguments: Any, **_keywords: Any) -> None:
        """Show that a step is done."""
        if self.advance:
            self.advance()

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Evaluate in one process while the others wait, then save in all if it is time."""
        assert isinstance(pl_module, SceneClassifier)  # noqa: S101 - the trainer hands over the module it was given
        row = {
            "epoch": float(trainer.current_epoch),
            "learning_rate": learning_rate(trainer.current_epoch, pl_module.description.training),
            "train_loss": pl_module.epoch_loss(),
        }
        if trainer.is_global_zero:
            row |= self._evaluate(trainer, pl_module)
            row["seconds"] = round(monotonic() - self.started, 3)
            pl_module.history.append(row)
            table = pd.DataFrame(pl_module.history).astype({"epoch": int})
            write_text(self.folder.metrics_file, table.to_csv(index=False, lineterminator="\n"))
            if trainer.logger:
                trainer.logger.log_metrics(row, step=trainer.current_epoch)
        last = trainer.current_epoch + 1 == trainer.max_epochs
        if trainer.strategy.broadcast(self.keep_checkpoint if last else self.files.due):  # as the first process says
            trainer.save_checkpoint(self.folder.checkpoint_file)

    def _evaluate(self, trainer: lightning.Trainer, module: SceneClassifier) -> dict[str, float]:
        epoch, test = trainer.current_epoch, self.sides.test
        logits = logits_of(module, test, trainer.precision_plugin.forward_context, self.kept)
        table = predictions_table(self.prepared.clips.iloc[test], logits, self.prepared.scenes, self.sides.seen, epoch)
        row = epoch_row(table)
        if epoch >= (trainer.max_epochs or 0) - LAST_EPOCHS:
            write_table(table, self.folder.predictions_file(epoch))
            learnt = logits_of(module, self.sides.train, trainer.precision_plugin.forward_context).argmax(axis=1)
            row["train_accuracy"] = float((learnt == self.sides.labels[self.sides.train]).mean())
        if self.advance:
            scores = f"seen {row['seen_accuracy']:.1%}, unseen {row['unseen_accuracy']:.1%}"
            self.advance(0, note=f"epoch {epoch + 1}/{trainer.max_epochs}, {scores}")
        return row

    def teardown(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, stage: str) -> None:
        """Close the progress display, however training ended."""
        self.exits.close()
