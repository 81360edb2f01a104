"""Labelled sets: training and test examples of one task, whole, checked, and known by what is in them."""

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
from data_prep.teacher import TeacherSettings, teacher_data

ImageSetName = Literal["mnist", "fashion-mnist", "cifar10", "cifar100", "svhn", "tiny-imagenet", "imagenet"]

_ROWS = 10_000  # of a teacher's inputs hashed at a time


class Inputs(Protocol):
    """What a part's inputs can do, whether they are an array or are read when asked for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes, examples first."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: NDArray[np.int64], /) -> NDArray[Any]:
        """Return these rows."""


@dataclass(frozen=True)
class Part:
    """Examples of one part of a set.

    Attributes
    ----------
    inputs
        Images (example, channel, row, column) of bytes, or vectors (example, input) of float32. Take rows of them
        before anything else: those of ImageNet are files until then.
    labels
        Numbers of the classes, int64, (example,).
    """

    inputs: Inputs
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class LabelledSet:
    """A task: what is trained on, what is tested on, and what is validated on where the set itself says so.

    Attributes
    ----------
    name
        What the set is called.
    identity
        SHA-256 of everything in it.
    classes
        Names in the order of the labels.
    train, test, validation
        The parts.
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
        """Check the parts, and identify the set by them.

        Raises
        ------
        DataError
            If inputs and labels of a part are not as many, inputs of two parts not alike, or labels not of the classes.
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
        raise DataError(f"{where}: an input has shape {part.inputs.shape[1:]}, in training {shape}")
    if part.labels.min() < 0 or part.labels.max() >= classes:
        raise DataError(f"{where}: labels are {part.labels.min()} to {part.labels.max()}, of {classes} classes")


def _content(inputs: Inputs) -> Iterator[bytes | memoryview]:
    if isinstance(inputs, ImageFiles):
        yield inputs.listing().encode()
    else:
        for start in range(0, len(inputs), _ROWS):
            yield np.ascontiguousarray(inputs[np.arange(start, min(start + _ROWS, len(inputs)))]).data


def load_images(name: ImageSetName, folder: Path, *, download: bool = False) -> LabelledSet:
    """Read an image set, in memory but for ImageNet.

    Parameters
    ----------
    name
        Which.
    folder
        Holds the set's files, or torchvision's folder of them.
    download
        Whether to fetch, into `folder`, what is not there.

    Raises
    ------
    ConfigError
        If there is no such set.
    DataError
        If it is not whole or not the published one, or cannot be fetched; the message says what to do.
    AscError
        If what is fetched cannot be written.
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
    """Return vectors labelled by a random small network, with a validation part of their own."""
    parts = {name: Part(*examples) for name, examples in teacher_data(settings).items()}
    return LabelledSet.of("teacher", ("0", "1"), **parts)
