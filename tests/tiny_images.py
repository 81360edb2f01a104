"""Image sets in their published layouts that hold a few random images, and are taken for the published ones."""

import gzip
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from numpy.typing import NDArray
from PIL import Image

from data_prep.images.formats import Examples
from data_prep.images.published import PUBLISHED, PublishedFile, PublishedSet

TRAIN, TEST = 20, 7
SHAPES = {"mnist": (1, 28, 28), "fashion-mnist": (1, 28, 28)}


def random_examples(name: str) -> tuple[Examples, Examples]:
    """Return training and test examples of the shapes of the set."""
    rng = np.random.default_rng(len(name))
    classes, shape = len(PUBLISHED[name].classes), SHAPES.get(name, (3, 32, 32))
    return tuple(  # type: ignore[return-value]
        (rng.integers(0, 256, (count, *shape)).astype(np.uint8), rng.integers(0, classes, count))
        for count in (TRAIN, TEST)
    )


def _idx(array: NDArray[np.integer]) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + array.astype(np.uint8).tobytes()


def _mat(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> bytes:
    file = io.BytesIO()
    numbers = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
    scipy.io.savemat(file, {"X": images.transpose(2, 3, 1, 0), "y": numbers}, do_compression=True)
    return file.getvalue()


def _records(images: NDArray[np.uint8], labels: NDArray[np.int64], coarse: bool) -> bytes:
    marks = [[label // 5, label] if coarse else [label] for label in labels]
    return b"".join(bytes(mark) + image.tobytes() for mark, image in zip(marks, images, strict=True))


def encoded(name: str, train: Examples, test: Examples) -> list[bytes]:
    """Return the set's files, in the order of `PUBLISHED`."""
    if name in SHAPES:
        return [_idx(array) for images, labels in (train, test) for array in (images[:, 0], labels)]
    if name == "svhn":
        return [_mat(*train), _mat(*test)]
    parts = 5 if name == "cifar10" else 1
    batches = zip(*(np.array_split(array, parts) for array in train), strict=True)
    return [_records(images, labels, name == "cifar100") for images, labels in (*batches, test)]


def write_tiny_images(
    name: str, root: Path, monkeypatch: pytest.MonkeyPatch, *, inner: bool = True, packed: bool = False
) -> tuple[Examples, Examples]:
    """Write a tiny set that `load_images` reads until the test ends; return what is in it.

    Parameters
    ----------
    root
        Where to: in torchvision's folder there if `inner`, else just there.
    packed
        Whether each file is compressed.
    """
    train, test = random_examples(name)
    files = encoded(name, train, test)
    published = published_as(PUBLISHED[name], files)
    monkeypatch.setitem(PUBLISHED, name, published)
    home = root / published.folder if inner else root
    home.mkdir(parents=True, exist_ok=True)
    for file, content in zip(published.files, files, strict=True):
        path = home / (f"{file.name}.gz" if packed else file.name)
        path.write_bytes(gzip.compress(content) if packed else content)
    return train, test


def published_as(published: PublishedSet, files: list[bytes]) -> PublishedSet:
    """Return `published` as if these were its files."""
    named = zip(published.files, files, strict=True)
    return replace(
        published,
        files=tuple(PublishedFile(name=file.name, size=len(content), md5=md5(content)) for file, content in named),
    )


def md5(content: bytes) -> str:
    """Return the sum as published."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def write_picture(path: Path, width: int, height: int, mode: str = "RGB", kind: str = "JPEG") -> Image.Image:
    """Write a smooth random picture; return it as it is read again."""
    rng = np.random.default_rng(width * height + len(path.name))
    coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3)).astype(np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse.resize((width, height), Image.Resampling.BICUBIC).convert(mode).save(path, kind)
    with Image.open(path) as file:
        return file.convert("RGB")
