"""Labelled sets: training, validation and test examples, identified by a hash of their content."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from common.errors import ConfigError, DataError
from data_prep.images.files import read_files
from data_prep.images.folders import ImageFiles, imagenet, tiny_imagenet
from data_prep.images.published import PUBLISHED
from data_prep.images.teacher import TeacherSettings, teacher_data

ImageSetName = Literal["mnist", "fashion-mnist", "cifar10", "cifar100", "svhn", "tiny-imagenet", "imagenet"]

_ROWS = 10_000  # inputs hashed at a time


class Inputs(Protocol):
    """Interface of a part's inputs, which are an array or files that are decoded on access."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the inputs; the first dimension is the number of examples."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: NDArray[np.int64], /) -> NDArray[Any]:
        """Return the inputs in `rows`."""


@dataclass(frozen=True)
class Part:
    """Examples of one part of a set.

    Attributes
    ----------
    inputs
        Images (example, channel, row, column) of bytes, or vectors (example, input) of float32. They must be indexed
        before use, because those of ImageNet are files.
    labels
        Class numbers, int64 (example,).
    """

    inputs: Inputs
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class LabelledSet:
    """A labelled set.

    Attributes
    ----------
    name
        Name of the set.
    identity
        SHA-256 of its content.
    classes
        Names of the classes in the order of the labels.
    train, test, validation
        The parts; `validation` is None if the set does not define one.
    """

    name: str
    identity: str
    classes: tuple[str, ...]
    train: Part
    test: Part
    validation: Part | None

    @classmethod
    def of(
        cls, name: str, classes: tuple[str, ...], train: Part, test: Part, validation: Part | None = None
    ) -> "LabelledSet":
        """Create a set from its parts, after checking them, and compute its identity.

        Raises
        ------
        DataError
            If a part has different numbers of inputs and labels, parts have inputs of different shapes, or labels are
            out of range.
        """
        digest = hashlib.sha256(repr((name, classes)).encode())
        for title, part in (("train", train), ("test", test), ("validation", validation)):
            if part is not None:
                _check(f"{name}, part {title}", part, train.inputs.shape[1:], len(classes))
                digest.update(repr((title, part.inputs.shape)).encode())
                for content in _content(part.inputs):
                    digest.update(content)
                digest.update(part.labels.tobytes())
        return cls(name, digest.hexdigest(), classes, train, test, validation)


def _check(where: str, part: Part, shape: tuple[int, ...], classes: int) -> None:
    if len(part.inputs) != len(part.labels) or not len(part.labels):
        raise DataError(f"{where}: {len(part.inputs)} inputs have {len(part.labels)} labels")
    if part.inputs.shape[1:] != shape:
        raise DataError(f"{where}: inputs have shape {part.inputs.shape[1:]}, training inputs {shape}")
    if part.labels.min() < 0 or part.labels.max() >= classes:
        raise DataError(f"{where}: labels are {part.labels.min()} to {part.labels.max()}, of {classes} classes")


def _content(inputs: Inputs) -> Iterator[bytes | memoryview]:
    if isinstance(inputs, ImageFiles):
        yield inputs.listing().encode()
    else:
        for start in range(0, len(inputs), _ROWS):
            yield np.ascontiguousarray(inputs[np.arange(start, min(start + _ROWS, len(inputs)))]).data


def load_images(name: ImageSetName, folder: Path, *, download: bool = False) -> LabelledSet:
    """Load an image set into memory; ImageNet's images are decoded on access.

    Parameters
    ----------
    name
        Name of the set.
    folder
        Folder with the set's files, or with torchvision's subfolder of them.
    download
        Whether to download missing files into `folder`.

    Raises
    ------
    ConfigError
        If the name is unknown.
    DataError
        If files are missing, damaged or different from the published ones, or cannot be downloaded.
    AscError
        If downloaded files cannot be written.
    """
    if name in PUBLISHED:
        published = PUBLISHED[name]
        examples = published.decode(read_files(published, folder, download=download))
        return LabelledSet.of(name, published.classes, *(Part(*part) for part in examples))
    if name == "tiny-imagenet":
        *listed, classes = tiny_imagenet(folder, download=download)
        return LabelledSet.of(name, classes, *(Part(files[np.arange(len(files))], labels) for files, labels in listed))
    if name == "imagenet":
        *listed, classes = imagenet(folder)
        return LabelledSet.of(name, classes, *(Part(*part) for part in listed))
    raise ConfigError("images", name, f"one of {', '.join(get_args(ImageSetName))}")


def teacher_set(settings: TeacherSettings) -> LabelledSet:
    """Return the set of random vectors labelled by a teacher network, with a validation part.

    Examples
    --------
    >>> task = teacher_set(TeacherSettings(inputs=10, train=500))
    >>> task.classes, task.train.inputs.shape, task.train.labels.shape
    (('0', '1'), (500, 10), (500,))
    """
    parts = {name: Part(*examples) for name, examples in teacher_data(settings).items()}
    return LabelledSet.of("teacher", ("0", "1"), **parts)
