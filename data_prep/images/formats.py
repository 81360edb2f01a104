"""Decoding published image files to arrays: images (example, channel, row, column) of bytes, and labels."""

import io
import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import scipy.io
from numpy.typing import NDArray

Examples: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.int64]]

_CIFAR_SHAPE = (3, 32, 32)


def idx(content: bytes) -> NDArray[np.uint8]:
    """Decode an idx file of bytes (MNIST's format): 0, 0, type 8, number of dimensions, sizes, array.

    Examples
    --------
    >>> idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])).tolist()
    [7, 8, 9]
    """
    sizes = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + sizes.nbytes).reshape(sizes).copy()


def digits(files: Sequence[bytes]) -> tuple[Examples, Examples]:
    """Decode MNIST's four idx files: training images, training labels, test images, test labels."""
    arrays = [idx(content) for content in files]
    train, test = ((arrays[at][:, None], arrays[at + 1].astype(np.int64)) for at in (0, 2))
    return train, test


def _cifar(files: Sequence[bytes], label_bytes: int) -> Examples:
    """Decode records of `label_bytes` labels, of which the last is used, and an image."""
    record = label_bytes + math.prod(_CIFAR_SHAPE)
    batches = [np.frombuffer(content, np.uint8).reshape(-1, record) for content in files]
    images = np.concatenate([batch[:, label_bytes:] for batch in batches]).reshape(-1, *_CIFAR_SHAPE)
    return images, np.concatenate([batch[:, label_bytes - 1] for batch in batches]).astype(np.int64)


def cifar10(files: Sequence[bytes]) -> tuple[Examples, Examples]:
    """Decode CIFAR-10's five training batches and its test batch."""
    return _cifar(files[:-1], 1), _cifar(files[-1:], 1)


def cifar100(files: Sequence[bytes]) -> tuple[Examples, Examples]:
    """Decode CIFAR-100's training and test file, with fine labels."""
    return _cifar(files[:-1], 2), _cifar(files[-1:], 2)


def _house_numbers(content: bytes) -> Examples:
    """Decode a MATLAB file with images X (row, column, channel, example) and labels y, where 10 stands for 0."""
    arrays = scipy.io.loadmat(io.BytesIO(content), variable_names=("X", "y"))
    return np.ascontiguousarray(arrays["X"].transpose(3, 2, 0, 1)), arrays["y"].ravel().astype(np.int64) % 10


def svhn(files: Sequence[bytes]) -> tuple[Examples, Examples]:
    """Decode SVHN's training and test file."""
    train, test = map(_house_numbers, files)
    return train, test
