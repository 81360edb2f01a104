"""Training batches of clips on the host: drawn, loaded by any number of workers, and moved to the device."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from asc.augmentations.augmentation import draw_all, share_of
from asc.batches import batch_generator, epoch_order, process_share
from asc.run import Run
from asc.scenes.clips import ClipSource, Loaded
from asc.scenes.loader_workers import share
from asc.scenes.sides import Sides


class HostBatch(NamedTuple):
    """A batch on the host: clips as loaded, their labels, and the draws of each augmentation."""

    clips: Loaded
    labels: Tensor
    draws: list[dict[str, Tensor]]

    def to(self, device: torch.device) -> "HostBatch":
        """Return the batch with labels and draws on `device`; clips are moved by their source."""
        draws = [{name: value.to(device, non_blocking=True) for name, value in one.items()} for one in self.draws]
        return self._replace(labels=self.labels.to(device, non_blocking=True), draws=draws)


_order = lru_cache(maxsize=2)(epoch_order)  # not of an instance, which is pickled for workers that are not forked


class PlannedBatches(Dataset[HostBatch]):
    """Item (epoch, step) is that training step's batch, or the share of process `rank`; nothing else decides it."""

    def __init__(self, source: ClipSource, sides: Sides, run: Run, rank: int = 0) -> None:
        self.source, self.sides, self.run, self.rank = source, sides, run, rank

    def __getitem__(self, key: tuple[int, int]) -> HostBatch:
        epoch, step = key
        run, size = self.run, self.run.training.batch_size
        order = _order(len(self.sides.train), run.seed, epoch)
        drawn = draw_all(run.training.augmentations, batch_generator(run.seed, epoch, step), size)
        needed, draws = share_of(drawn, process_share(size, run.training.world_size, self.rank))
        rows = self.sides.train[order[step * size + needed]]
        tensors = [{name: torch.from_numpy(np.asarray(value)) for name, value in one.items()} for one in draws]
        planned = HostBatch(self.source.load(rows), torch.from_numpy(self.sides.labels[rows]), tensors)
        share([*planned.clips, planned.labels, *(value for one in tensors for value in one.values())])
        return planned


class EpochSampler(Sampler[tuple[int, int]]):
    """The steps of one epoch; `epoch` is set before each."""

    def __init__(self, steps: int) -> None:
        self.steps, self.epoch = steps, 0

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return ((self.epoch, step) for step in range(self.steps))

    def __len__(self) -> int:
        return self.steps


class BatchLoader:
    """Loads the batches of any epoch, with the same workers for all."""

    def __init__(self, planned: PlannedBatches, steps: int, workers: int, device: torch.device) -> None:
        self.sampler, self.device = EpochSampler(steps), device
        self.loader: DataLoader[HostBatch] = DataLoader(
            planned,
            batch_size=None,
            sampler=self.sampler,
            generator=torch.Generator(),  # of the loader alone: dropout draws from torch's own
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=device.type == "cuda",
        )

    def epoch(self, epoch: int) -> Iterator[HostBatch]:
        """Yield the batches of an epoch, labels and draws on the device."""
        self.sampler.epoch = epoch
        for planned in self.loader:
            yield planned.to(self.device)
