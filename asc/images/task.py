"""Data of a run on images: training batches, drawn from the seed, and test splits."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from asc.augmentations.augmentation import Batch, apply_stage, draw_all, share_of
from asc.batches import batch_generator, epoch_order, process_share, shuffled_labels
from asc.run import ImageData, Run
from asc.run_folder import RunFolder
from asc.task import Logits, Row
from asc.training_settings import TrainingSettings
from common.errors import ConfigError, DataError
from data_prep.images.augmentation import ImageDraws, draw
from data_prep.images.normalisation import fit_normalisation
from data_prep.images.sets import ImageSetName, Inputs, LabelledSet, Part, load_images, teacher_set
from data_prep.images.splits import ImageSplitSettings, scored_rows, split_rows
from data_prep.images.transforms import network_inputs
from models.pruning.scores import Batch as ScoredBatch
from models.weights.pruned import PrunedAtStart

PartName = Literal["train", "validation", "test"]
PARTS: tuple[PartName, ...] = get_args(PartName)

TESTED = 500  # batch size of tests
_SCORING = 1  # distinguishes random draws for pruning scores from those of training
_MOST_RESIDENT = 4 * 2**30  # bytes of inputs held on the device

load = lru_cache(maxsize=2)(load_images)
teach = lru_cache(maxsize=2)(teacher_set)


def open_set(data: ImageData, folder: Path) -> LabelledSet:
    """Return the image set of a run, which is read or generated once per process.

    Raises
    ------
    DataError
        If it is not in `folder`, or has another identity.
    """
    if data.teacher is not None:
        return teach(data.teacher)
    # The same arguments as in recipes that do not download, so that the cache serves both.
    found = load(cast(ImageSetName, data.name), folder, download=False)
    if found.identity != data.identity:
        raise DataError(f"the run uses {data.name} {data.identity[:12]}; the set in {folder} is {found.identity[:12]}")
    return found


def part_rows(data: LabelledSet, split: ImageSplitSettings) -> dict[PartName, NDArray[np.int64]]:
    """Return the rows of each split; a validation split of the set itself is used completely.

    Raises
    ------
    ConfigError
        If the set has fewer examples than requested.
    """
    rows = split_rows(data.train.labels, split)
    validation = np.arange(len(data.validation.labels)) if data.validation else rows.validation
    return {"train": rows.train, "validation": validation, "test": scored_rows(len(data.test.labels), split)}


def tested_parts(training: TrainingSettings) -> list[PartName]:
    """Return the splits tested after each epoch: the test split, and the split that determines the epoch kept."""
    return [part for part in PARTS if part in ("test", training.keep.removeprefix("best-"))]


def image_data(run: Run) -> ImageData:
    """Return the data of a run on images.

    Raises
    ------
    ConfigError
        If the run is not on images.
    """
    if not isinstance(run.data, ImageData):
        raise ConfigError("data", run.data.name, "a set of images")
    return run.data


class _Examples:
    """Examples of one split: on the device if they fit, otherwise read on demand."""

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
        """Return inputs and labels at these positions of the split."""
        chosen = torch.from_numpy(places).to(self.device)
        if self.held is not None:
            return self.held[chosen], self.labels[chosen]
        return torch.from_numpy(self.inputs[self.rows[places]]).to(self.device), self.labels[chosen]


class _Passes:
    """Iterable whose n-th iteration yields the batches of pass n = 0, 1, ..."""

    def __init__(self, batches: Callable[[int], Iterator[ScoredBatch]]) -> None:
        self.batches, self.numbers = batches, count()

    def __iter__(self) -> Iterator[ScoredBatch]:
        return self.batches(next(self.numbers))


def _alternating(order: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order with alternating classes; the order within each class is kept."""
    turns = np.empty(len(order), dtype=np.int64)
    for label in np.unique(labels):
        places = np.flatnonzero(labels[order] == label)
        turns[places] = np.arange(len(places))
    return order[np.argsort(turns, kind="stable")]


class ImageTask:
    """Data of a run on images, see `asc.task.Task`.

    Parameters
    ----------
    run
        Description with the data, normalisation and augmentation; its seed determines all random draws.
    data
        The image set.
    device
        The training device of this process.
    rank
        Index of this process among those that share each batch.

    Raises
    ------
    ConfigError
        If an augmentation is for clips only, or the set has fewer examples than requested.
    """

    must_converge = False  # some published settings diverge, as their figures show

    def __init__(self, run: Run, data: LabelledSet, device: torch.device, rank: int = 0) -> None:
        self.run, self.device, self.rank = run, device, rank
        described = image_data(run)
        self.described = described
        foreign = [each.kind for each in run.training.augmentations if each.stage != "input"]
        if foreign:
            raise ConfigError("augmentations", ", ".join(foreign), "for clips of acoustic scenes only")
        rows = part_rows(data, described.split)
        labels = data.train.labels.copy()
        if described.labels == "random":
            labels[rows["train"]] = shuffled_labels(labels[rows["train"]], run.seed)
        self.normalisation = fit_normalisation(described.normalisation, data.train.inputs, rows["train"]).to(device)
        held_out = data.validation or Part(data.train.inputs, data.train.labels)
        self._parts: dict[PartName, _Examples] = {
            "train": _Examples(data.train.inputs, labels, rows["train"], device),
            "validation": _Examples(held_out.inputs, held_out.labels, rows["validation"], device),
            "test": _Examples(data.test.inputs, data.test.labels, rows["test"], device),
        }
        self.input_shape = shape_of(described, data)
        self.steps = ceil(self.size("train") / run.training.batch_size)
        if run.training.world_size > 1:  # processes share whole batches only
            self.steps = self.size("train") // run.training.batch_size

    def size(self, part: PartName) -> int:
        """Return the number of examples of a split."""
        return len(self._parts[part])

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the augmented and normalised batches of an epoch; the last may be smaller."""
        train, training, seed = self._parts["train"], self.run.training, self.run.seed
        order = epoch_order(len(train), seed, epoch)
        for step in range(self.steps):
            chosen = order[step * training.batch_size : (step + 1) * training.batch_size]
            drawn = draw_all(training.augmentations, batch_generator(seed, epoch, step), len(chosen))
            mine = process_share(len(chosen), training.world_size, self.rank)
            needed, draws = share_of(drawn, mine)
            inputs, labels = train.take(chosen[needed])
            augmented = self._shown(inputs, self._drawn(inputs, needed, len(chosen), seed, epoch, step))
            tensors = [{name: torch.from_numpy(np.asarray(v)).to(self.device) for name, v in d.items()} for d in draws]
            yield apply_stage("input", training.augmentations, tensors, Batch(augmented, labels))

    def part(self, part: PartName) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield all examples of a split in order, without augmentation, with their labels."""
        examples = self._parts[part]
        for start in range(0, len(examples), TESTED):
            inputs, labels = examples.take(np.arange(start, min(start + TESTED, len(examples))))
            yield self._shown(inputs), labels

    def scored(self, run: Run) -> Iterable[ScoredBatch]:
        """Return the batches with which the pruning method of `run` scores weights, if it has one.

        They are training examples, augmented as in training. Each pass uses other random examples; GraSP uses equally
        many examples of each class, as in its authors' code.
        """
        scheme = next((scheme for scheme in run.weights if isinstance(scheme, PrunedAtStart)), None)
        return () if scheme is None else _Passes(partial(self._scored, run, scheme))

    def _scored(self, run: Run, scheme: PrunedAtStart, number: int) -> Iterator[ScoredBatch]:
        train = self._parts["train"]
        order = epoch_order(len(train), run.seed, number)
        if scheme.method == "grasp":
            order = _alternating(order, train.labels.cpu().numpy())
        order = order[: scheme.examples]
        for step, start in enumerate(range(0, len(order), run.training.batch_size)):
            chosen = order[start : start + run.training.batch_size]
            inputs, labels = train.take(chosen)
            draws = self._drawn(inputs, np.arange(len(chosen)), len(chosen), run.seed, number, step, _SCORING)
            yield self._shown(inputs, draws).cpu(), labels.cpu()

    def open(self, folder: RunFolder) -> None:
        """Write nothing, as the description determines the splits."""

    def _accuracies(self, part: PartName, logits: Logits) -> Tensor:
        """Return the accuracy of each network on a split, (network,)."""
        right: Tensor | float = 0.0
        for inputs, labels in self.part(part):
            right += (logits(inputs).argmax(dim=2) == labels).sum(dim=1)
        return torch.as_tensor(right / self.size(part))

    def scores(self, epoch: int, logits: Logits, folder: RunFolder) -> list[Row]:
        """Return the accuracies of each network on the splits tested after each epoch."""
        parts = [part for part in tested_parts(self.run.training) if self.size(part)]
        columns = {f"{part}_accuracy": self._accuracies(part, logits).tolist() for part in parts}
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]

    def final_scores(self, logits: Logits) -> Row:
        """Return the accuracies on the other splits."""
        tested = tested_parts(self.run.training)
        rest = [part for part in PARTS if part not in tested and self.size(part)]
        return {f"{part}_accuracy": float(self._accuracies(part, logits)) for part in rest}

    def summary(self, network: nn.Module, history: Sequence[Row], kept: int) -> dict[str, Any]:
        """Return the accuracies of the kept epoch, and the best test accuracy of all epochs."""
        accuracies = {name: value for name, value in history[kept].items() if name.endswith("_accuracy")}
        return accuracies | {"best_test_accuracy": max(row["test_accuracy"] for row in history)}

    def state(self) -> dict[str, Tensor]:
        """Return an empty state, as set and description determine the normalisation."""
        return {}

    def _shown(self, inputs: Tensor, draws: ImageDraws | None = None) -> Tensor:
        return network_inputs(inputs, self.described.augmentation, self.normalisation, draws)

    def _drawn(self, inputs: Tensor, places: NDArray[np.int64], size: int, *key: int) -> ImageDraws | None:
        """Draw image augmentations for a batch of `size` from `key`; return those at `places`, or None for vectors."""
        if inputs.ndim < 4:
            return None
        drawn = draw(self.described.augmentation, np.random.default_rng(key), size, inputs.shape[-1])
        return ImageDraws(*(part[torch.from_numpy(places)].to(self.device) for part in drawn))


def shape_of(data: ImageData, found: LabelledSet) -> tuple[int, ...]:
    """Return the shape of a network input without the batch dimension."""
    shape = tuple(found.train.inputs.shape[1:])
    if len(shape) == 1:  # vectors are not resized
        return shape
    side = data.augmentation.resize or data.augmentation.crop_side(shape[-1])
    return shape[0], side, side
