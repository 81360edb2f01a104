"""The data module: planned batches of training clips, and test clips in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import lightning
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from asc.clips import ClipSource, Loaded, MappedClips, Residency, clip_source
from asc.description import RunDescription
from asc.loader_workers import share
from asc.plan import epoch_order, plan_batch, shuffled_labels, steps_per_epoch
from common.errors import DataError
from data_prep.splits import make_split, seen_devices
from data_prep.storage import PreparedSet


class Batch(NamedTuple):
    """A plan and what it needs: clips as loaded, their shifts, and m mixtures with the labels of both clips."""

    clips: Loaded
    shift: Tensor
    first: Tensor
    second: Tensor
    weight: Tensor
    first_label: Tensor
    second_label: Tensor


@dataclass(frozen=True)
class Sides:
    """The two sides of a split as rows of the prepared set, the labels to learn, and the devices trained on."""

    part: "pd.Series[str]"
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    labels: NDArray[np.int64]
    seen: tuple[str, ...]

    @classmethod
    def of(cls, prepared: PreparedSet, description: RunDescription) -> "Sides":
        """Split `prepared` as `description` says.

        Raises
        ------
        DataError
            If a rule of the split is violated, or there are fewer training clips than one batch needs.
        """
        part = make_split(prepared.clips, description.split)
        train, test = (np.flatnonzero(part.to_numpy() == side) for side in ("train", "test"))
        if len(train) < description.training.batch_size:
            raise DataError(
                f"{len(train)} training clips are too few for one batch of {description.training.batch_size}; "
                "test on fewer cities (--test-cities), train on more devices (--train-devices) or lower --batch-size"
            )
        labels = np.searchsorted(np.array(prepared.scenes), prepared.clips["scene"].to_numpy(str)).astype(np.int64)
        if description.training.labels == "random":
            labels[train] = shuffled_labels(labels[train], description.seed)
        return cls(part, train, test, labels, seen_devices(prepared.clips, part))


_order = lru_cache(maxsize=2)(epoch_order)  # not of an instance, which is pickled for workers that are not forked


class PlannedBatches(Dataset[Batch]):
    """Item (epoch, step) is that step's whole batch; nothing else decides what is in it."""

    def __init__(self, source: ClipSource, sides: Sides, description: RunDescription, rank: int) -> None:
        self.source, self.sides, self.description, self.rank = source, sides, description, rank

    def __getitem__(self, key: tuple[int, int]) -> Batch:
        epoch, step = key
        order = _order(len(self.sides.train), self.description.seed, epoch)
        plan = plan_batch(self.description.training, order, self.description.seed, epoch, step, self.rank)
        rows = self.sides.train[plan.clips]
        labels = self.sides.labels[rows]
        parts = (plan.shift, plan.first, plan.second, plan.weight, labels[plan.first], labels[plan.second])
        batch = Batch(self.source.load(rows), *(torch.from_numpy(part) for part in parts))
        share((*batch.clips, *batch[1:]))
        return batch


def finished_epochs(trainer: lightning.Trainer) -> int:
    """Return how many epochs are trained; `current_epoch` still says 0 while a continued run builds its loader."""
    progress: Any = trainer.fit_loop.epoch_progress.current
    return int(progress.processed)


class EpochSampler(Sampler[tuple[int, int]]):
    """The steps of one epoch; the trainer sets which."""

    def __init__(self, steps: int, epoch: int) -> None:
        self.steps, self.epoch = steps, epoch

    def set_epoch(self, epoch: int) -> None:
        """Make the next pass that of `epoch`."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return ((self.epoch, step) for step in range(self.steps))

    def __len__(self) -> int:
        return self.steps


class SceneData(lightning.LightningDataModule):
    """Training batches of one run, in the order its seed says, with any number of loader workers.

    Parameters
    ----------
    mapped
        The set's clips.
    sides, description
        The run's.
    workers
        Processes that load batches.
    residency, runs_per_gpu
        Where the clips live, see `asc.clips.clip_source`.
    """

    def __init__(
        self,
        mapped: MappedClips,
        sides: Sides,
        description: RunDescription,
        workers: int,
        residency: Residency = "mapped",
        runs_per_gpu: int = 1,
    ) -> None:
        super().__init__()
        self.mapped, self.sides, self.description, self.workers = mapped, sides, description, workers
        self.residency, self.runs_per_gpu = residency, runs_per_gpu
        self.source: ClipSource = mapped
        self.steps = steps_per_epoch(len(sides.train), description.training)

    def setup(self, stage: str) -> None:
        """Choose where the clips live, now that this process has its device, and tell the module.

        The first process also holds the test clips: it alone evaluates.
        """
        assert self.trainer is not None  # noqa: S101 - the trainer calls this hook
        train, test = self.sides.train, self.sides.test
        rows = np.concatenate([train, test]) if self.trainer.is_global_zero else train
        device = self.trainer.strategy.root_device
        self.source = clip_source(self.mapped, rows, device, self.residency, self.runs_per_gpu)
        self.trainer.lightning_module.source = self.source  # type: ignore[assignment]

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return the loader, starting at the epoch that the trainer has come to."""
        assert self.trainer is not None  # noqa: S101 - the trainer calls this hook
        return DataLoader(
            PlannedBatches(self.source, self.sides, self.description, self.trainer.global_rank),
            batch_size=None,
            sampler=EpochSampler(self.steps, finished_epochs(self.trainer)),
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            pin_memory=self.trainer.strategy.root_device.type == "cuda",
        )
