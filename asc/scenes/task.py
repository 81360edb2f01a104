"""The clips of a run on acoustic scenes: training batches, and predictions of the test clips after every epoch."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from asc.augmentations.augmentation import Batch
from asc.machine import Machine
from asc.run import Run
from asc.run_folder import RunFolder
from asc.scenes.batches import BatchLoader, PlannedBatches
from asc.scenes.clips import MappedClips, clip_source
from asc.scenes.complexity import run_complexity
from asc.scenes.example import write_example
from asc.scenes.front_end import FrontEnd, batches_of, stored_kind
from asc.scenes.prediction import clips_at_once, epoch_row, predictions_table, worth_keeping, write_predictions
from asc.scenes.sides import Sides
from asc.scenes.statistics import Statistics, band_statistics
from asc.task import Logits, Row
from common.errors import ConfigError
from common.files import write_text
from data_prep.storage import PreparedSet
from models.pruning.scores import Batch as ScoredBatch
from models.weights.pruned import PrunedAtStart

# A run's score is the mean over its last epochs (Koutini 2021, App. A.3); their predictions are kept.
LAST_EPOCHS = 10


class SceneTask:
    """The clips of a run, see `asc.task.Task`.

    Parameters
    ----------
    run
        The run.
    prepared
        Its prepared set.
    device
        The training device of this process.
    machine
        Loader workers, and where the clips live.
    rank
        Of this process among those that share each batch; only the first evaluates.
    statistics
        Of the mel bands (default: computed once from the training clips and kept beside the set).

    Raises
    ------
    DataError, ConfigError
        If the split is impossible, or waveforms are missing.
    """

    must_converge = True

    def __init__(
        self,
        run: Run,
        prepared: PreparedSet,
        device: torch.device,
        machine: Machine | None = None,
        rank: int = 0,
        statistics: Statistics | None = None,
    ) -> None:
        self.run, self.prepared, self.device, self.machine = run, prepared, device, machine or Machine()
        if run.training.keep == "best-validation":
            raise ConfigError("keep", run.training.keep, "last or best-train: no clips are held out for validation")
        self.sides = Sides.of(prepared, run)
        mapped = MappedClips(prepared, stored_kind(run))
        self.input_shape: tuple[int, ...] = (1, *prepared.shape)
        self.steps = len(self.sides.train) // run.training.batch_size  # the clips left over come in another epoch
        rows = np.concatenate([self.sides.train, self.sides.test]) if rank == 0 else self.sides.train
        self.source = clip_source(mapped, rows, device, self.machine.residency, self.machine.runs_per_gpu)
        found = band_statistics(prepared, self.sides.train) if statistics is None else statistics
        self.front_end = FrontEnd(run, found, device)
        planned = PlannedBatches(self.source, self.sides, run, rank)
        self.loader = BatchLoader(planned, self.steps, self.machine.workers, device)
        values = len(self.sides.test) * math.prod(prepared.shape)
        keeps = self.front_end.mel is not None and worth_keeping(device, values, self.machine.runs_per_gpu)
        self._kept: list[Tensor] | None = [] if keeps else None

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the training batches of an epoch."""
        for planned in self.loader.epoch(epoch):
            with torch.no_grad():
                batch = self.front_end.augmented(self.source.place(planned.clips, self.device), planned)
            yield batch

    def scored(self, run: Run) -> Iterable[ScoredBatch]:
        """Return the first training batches as they are augmented in epoch 0, on the CPU."""
        scheme = next((scheme for scheme in run.weights if isinstance(scheme, PrunedAtStart)), None)
        if scheme is None:
            return ()
        size, found = run.training.batch_size, []
        planned = PlannedBatches(self.source, self.sides, run)
        for step in range(min(self.steps, math.ceil(scheme.examples / size))):
            host = planned[0, step].to(self.device)
            batch = self.front_end.augmented(self.source.place(host.clips, self.device), host)
            found.append((batch.inputs.cpu(), batch.labels.cpu()))
        return found

    def open(self, folder: RunFolder) -> None:
        """Write the split, and one recording as two devices hear it."""
        split = pd.DataFrame({"clip": self.prepared.clips["clip"], "part": self.sides.part})
        write_text(folder.split_file, split.to_csv(index=False, lineterminator="\n"))
        write_example(folder, self.prepared, self.sides)

    def inputs(self, rows: NDArray[np.int64], batch_size: int) -> Iterator[Tensor]:
        """Yield the network inputs (batch, 1, mel, frame) of rows of the prepared set, in order."""
        return batches_of(self.front_end, self.source, rows, batch_size)

    def _logits(self, rows: NDArray[np.int64], logits: Logits, kept: list[Tensor] | None = None) -> NDArray[np.float32]:
        """Return the logits (clip, class) of rows; `kept` holds their inputs from an earlier call, or is filled."""
        if kept:
            inputs: Iterable[Tensor] = kept
        else:
            inputs = self.inputs(rows, clips_at_once(self.run.network, self.device))
            if kept is not None:
                kept.extend(inputs)
                inputs = kept
        # One copy to the host, and one wait for the device.
        return torch.cat([logits(batch)[0] for batch in inputs]).cpu().numpy()

    def scores(self, epoch: int, logits: Logits, folder: RunFolder) -> list[Row]:
        """Return accuracies of seen and unseen devices and of each device; keep the predictions of the last epochs.

        In those epochs, and where the best training accuracy decides what is kept, that of the training clips too.
        """
        training, test = self.run.training, self.sides.test
        clips, scenes = self.prepared.clips.iloc[test], self.prepared.scenes
        table = predictions_table(clips, self._logits(test, logits, self._kept), scenes, self.sides.seen, epoch)
        row = epoch_row(table)
        last = epoch >= training.epochs - LAST_EPOCHS
        if last or training.patience is not None:
            write_predictions(table, folder.predictions_file(epoch))
            folder.predictions_file(epoch - LAST_EPOCHS).unlink(missing_ok=True)
        if last or training.keep == "best-train":
            learnt = self._logits(self.sides.train, logits).argmax(axis=1)
            row["train_accuracy"] = float((learnt == self.sides.labels[self.sides.train]).mean())
        return [row]

    def final_scores(self, logits: Logits) -> Row:
        """Return nothing: all clips are scored after every epoch."""
        return {}

    def summary(self, network: nn.Module, history: Sequence[Row], kept: int) -> dict[str, Any]:
        """Return mean accuracies of the last epochs, the reference device, and what the network costs."""
        last = pd.DataFrame(history[-LAST_EPOCHS:])
        parts = ("train_accuracy", "seen_accuracy", "unseen_accuracy")
        return {
            "score_epochs": len(last),
            **{name: float(last[name].mean()) for name in parts if name in last},
            "reference_device": self.prepared.reference_device,
            "complexity": run_complexity(network, self.run, self.input_shape),
        }

    def state(self) -> dict[str, Tensor]:
        """Return the normalisation of the mel bands."""
        return self.front_end.state()
