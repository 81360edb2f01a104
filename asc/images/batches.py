"""The examples of a run on its device: batches to learn from, drawn beforehand from the seed, and parts to test on."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from asc.images.description import ImageData, ImageRun, Learning
from asc.plan import epoch_order, shuffled_labels
from common.errors import DataError
from data_prep.images.augmentation import Draws, draw
from data_prep.images.normalisation import fit_normalisation
from data_prep.images.sets import ImageSetName, Inputs, LabelledSet, Part, load_images, teacher_set
from data_prep.images.splits import ImageSplitSettings, scored_rows, split_rows
from data_prep.images.transforms import network_inputs

PartName = Literal["train", "validation", "test"]
PARTS: tuple[PartName, ...] = get_args(PartName)

TESTED = 500  # examples at a time
_SCORING = 1  # tells its draws from those of training
_MOST_RESIDENT = 4 * 2**30  # bytes of inputs that are held on the device

load = lru_cache(maxsize=2)(load_images)
teach = lru_cache(maxsize=2)(teacher_set)


def open_set(data: ImageData, folder: Path) -> LabelledSet:
    """Return the set that a run is described on, read or made once by a process.

    Raises
    ------
    DataError
        If it is not in `folder`, or another one is.
    """
    if data.teacher is not None:
        return teach(data.teacher)
    # As a recipe asks for it that has not fetched it: one reading serves both.
    found = load(cast(ImageSetName, data.name), folder, download=False)
    if found.identity != data.identity:
        raise DataError(f"the run is on {data.name} {data.identity[:12]}; that in {folder} is {found.identity[:12]}")
    return found


def part_rows(data: LabelledSet, split: ImageSplitSettings) -> dict[PartName, NDArray[np.int64]]:
    """Return which examples each part has; a validation part of the set's own is taken whole.

    Raises
    ------
    ConfigError
        If there are fewer examples than are asked for.
    """
    rows = split_rows(data.train.labels, split)
    validation = np.arange(len(data.validation.labels)) if data.validation else rows.validation
    return {"train": rows.train, "validation": validation, "test": scored_rows(len(data.test.labels), split)}


def tested_parts(learning: Learning) -> list[PartName]:
    """Return what is tested on after every epoch: test examples, and those that decide what is kept."""
    return [part for part in PARTS if part in ("test", learning.keep.removeprefix("best-"))]


class _Examples:
    """Examples of one part: on the device where they fit, else fetched when asked for."""

    def __init__(
        self, inputs: Inputs, labels: NDArray[np.int64], rows: NDArray[np.int64], device: torch.device
    ) -> None:
        self.labels = torch.from_numpy(labels[rows]).to(device)
        self.inputs, self.rows, self.device = inputs, rows, device
        fits = isinstance(inputs, np.ndarray) and len(rows) * inputs[0].nbytes <= _MOST_RESIDENT
        self.held = torch.from_numpy(inputs[rows]).to(device) if fits else None

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, places: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Return inputs and labels at these places of the part."""
        chosen = torch.from_numpy(places).to(self.device)
        if self.held is not None:
            return self.held[chosen], self.labels[chosen]
        return torch.from_numpy(self.inputs[self.rows[places]]).to(self.device), self.labels[chosen]


class _Passes:
    """Something to go through as often as one likes, each time to find what `show` has at the next number."""

    def __init__(self, show: Callable[[int], Iterator[tuple[Tensor, Tensor]]]) -> None:
        self.show, self.numbers = show, count()

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return self.show(next(self.numbers))


def _alternating(order: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Let examples of all classes take turns, those of each class in the order they have."""
    turns = np.empty(len(order), dtype=np.int64)
    for label in np.unique(labels):
        places = np.flatnonzero(labels[order] == label)
        turns[places] = np.arange(len(places))
    return order[np.argsort(turns, kind="stable")]


class ImageBatches:
    """All that a run sees of its data.

    Parameters
    ----------
    run
        Says what is trained on, how it is normalised and augmented; its seed decides all that is random.
    data
        The set.
    device
        Where batches are wanted.
    """

    def __init__(self, run: ImageRun, data: LabelledSet, device: torch.device) -> None:
        self.run, self.device = run, device
        rows = part_rows(data, run.data.split)
        labels = data.train.labels.copy()
        if run.data.labels == "random":
            labels[rows["train"]] = shuffled_labels(labels[rows["train"]], run.seed)
        self.normalisation = fit_normalisation(run.data.normalisation, data.train.inputs, rows["train"]).to(device)
        held_out = data.validation or Part(data.train.inputs, data.train.labels)
        self._parts: dict[PartName, _Examples] = {
            "train": _Examples(data.train.inputs, labels, rows["train"], device),
            "validation": _Examples(held_out.inputs, held_out.labels, rows["validation"], device),
            "test": _Examples(data.test.inputs, data.test.labels, rows["test"], device),
        }

    def size(self, part: PartName) -> int:
        """Return how many examples a part has."""
        return len(self._parts[part])

    def epoch(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of an epoch, augmented and normalised, and their labels; the last may be smaller."""
        train, size = self._parts["train"], self.run.training.batch_size
        order = epoch_order(len(train), self.run.seed, epoch)
        for step, start in enumerate(range(0, len(order), size)):
            inputs, labels = train.take(order[start : start + size])
            yield self._shown(inputs, self._drawn(inputs, self.run.seed, epoch, step)), labels

    def part(self, part: PartName) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield all examples of a part in order, as they are tested, and their labels."""
        examples = self._parts[part]
        for start in range(0, len(examples), TESTED):
            inputs, labels = examples.take(np.arange(start, min(start + TESTED, len(examples))))
            yield self._shown(inputs), labels

    def scoring(self, run: ImageRun) -> Iterable[tuple[Tensor, Tensor]]:
        """Return what a pruning method of `run` scores weights with, if it has one.

        Batches of training examples, augmented as in training, at every pass those that come first in another order;
        for GraSP equally many of each class, as its authors draw them.
        """
        return () if run.weights.pruning is None else _Passes(partial(self._scoring, run))

    def _scoring(self, run: ImageRun, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        train = self._parts["train"]
        order = epoch_order(len(train), run.seed, number)
        if run.weights.pruning == "grasp":
            order = _alternating(order, train.labels.cpu().numpy())
        order = order[: run.weights.examples]
        for step, start in enumerate(range(0, len(order), run.training.batch_size)):
            inputs, labels = train.take(order[start : start + run.training.batch_size])
            draws = self._drawn(inputs, run.seed, number, step, _SCORING)
            yield self._shown(inputs, draws).cpu(), labels.cpu()

    def _shown(self, inputs: Tensor, draws: Draws | None = None) -> Tensor:
        return network_inputs(inputs, self.run.data.augmentation, self.normalisation, draws)

    def _drawn(self, inputs: Tensor, *key: int) -> Draws | None:
        """Draw what happens to the images of one step, decided by `key`; nothing to vectors."""
        if inputs.ndim < 4:
            return None
        generator = np.random.default_rng(key)
        draws = draw(self.run.data.augmentation, generator, len(inputs), inputs.shape[-1])
        return Draws(*(part.to(self.device) for part in draws))
