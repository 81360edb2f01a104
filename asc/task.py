"""The interface between a run's data and the training loop: batches to train on, and scores after each epoch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from asc.augmentations.augmentation import Batch
from asc.run import Run
from asc.run_folder import RunFolder
from models.pruning.scores import Batch as ScoredBatch

# From network inputs (batch, ...) to the logits of each network that is trained together, (network, batch, class).
Logits = Callable[[Tensor], Tensor]
Row = dict[str, float]


class Task(Protocol):
    """The examples of a run on its device.

    Attributes
    ----------
    device
        Where batches are.
    input_shape
        Of one network input, without the batch.
    steps
        Training steps in an epoch.
    must_converge
        Whether a training loss that is not finite ends the run with an error.
    """

    device: torch.device
    input_shape: tuple[int, ...]
    steps: int
    must_converge: bool

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the training batches of an epoch, augmented, this process's share of each."""

    def scored(self, run: Run) -> Iterable[ScoredBatch]:
        """Return what a pruning method of `run` scores weights with: (inputs, labels), on the CPU."""

    def open(self, folder: RunFolder) -> None:
        """Write into the folder what is known of the data before training."""

    def scores(self, epoch: int, logits: Logits, folder: RunFolder) -> list[Row]:
        """Return the accuracies after an epoch, one row for each network; keep predictions where they are wanted."""

    def final_scores(self, logits: Logits) -> Row:
        """Return accuracies of a finished run that are not computed after every epoch."""

    def summary(self, network: torch.nn.Module, history: Sequence[Row], kept: int) -> dict[str, Any]:
        """Return what the result of a finished run says of its data and scores; `kept` is the epoch kept."""

    def state(self) -> dict[str, Tensor]:
        """Return the tensors beside the network's that turn stored examples into its inputs."""
