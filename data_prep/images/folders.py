"""Image sets with one file per image in one folder per class: ImageNet and Tiny ImageNet.

Images are decoded on access, resized so that the shorter side has `side` pixels, and cropped centrally to a square, as
by torchvision's Resize and CenterCrop. Random crops are taken from this square.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from common.errors import DataError
from data_prep.download import fetch
from data_prep.images.published import TINY_IMAGENET
from data_prep.workers import count_cores

_SIDE, _TINY_SIDE = 256, 64
_FORMATS = ("JPEG", "PNG")
_WHOLE = "name the folder of a complete set, or download it if that is possible (--download)"


@dataclass(frozen=True)
class ImageFiles:
    """Image files that are decoded on access, with the interface of an array (example, channel, row, column).

    Attributes
    ----------
    root
        Folder of the files.
    names
        Paths of the files in `root`.
    side
        Rows and columns to which images are resized and cropped.
    """

    root: Path
    names: tuple[str, ...]
    side: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array: examples, channels, rows, columns."""
        return len(self), 3, self.side, self.side

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Decode the images in `rows`, shape (n,); return bytes (n, channel, row, column).

        Raises
        ------
        DataError
            If a file is not an image or is damaged; the message names it.
        """
        images = np.empty((len(rows), *self.shape[1:]), np.uint8)

        def fill(place: int) -> None:
            images[place] = _square(self.root / self.names[rows[place]], self.side)

        with ThreadPoolExecutor(count_cores()) as pool:
            for _ in pool.map(fill, range(len(rows))):
                pass
        return images

    def listing(self) -> str:
        """Return the names and sizes of the files, one per line, which identify the set without decoding it."""
        return "".join(f"{name} {(self.root / name).stat().st_size}\n" for name in self.names)


Listed: TypeAlias = tuple[ImageFiles, NDArray[np.int64]]
Listing: TypeAlias = tuple[Listed, Listed, tuple[str, ...]]


def _square(path: Path, side: int) -> NDArray[np.uint8]:
    try:
        with Image.open(path, formats=_FORMATS) as file:
            image = file.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} cannot be decoded: {error}; put the published file in its place") from error
    short = min(image.size)
    if short != side:
        width, height = (side if length == short else side * length // short for length in image.size)
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    top, left = (round((length - side) / 2) for length in (image.height, image.width))
    return np.asarray(image)[top : top + side, left : left + side].transpose(2, 0, 1)


def _listed(root: Path, classes: tuple[str, ...], inner: str, side: int) -> Listed:
    """List the images in the subfolder `inner` of each class's folder."""
    names: list[str] = []
    counts = []
    for name in classes:
        folder = root / name / inner
        files = sorted(file for file in os.listdir(folder) if file.endswith(".JPEG")) if folder.is_dir() else []
        if not files:
            raise DataError(f"{folder} holds no images (*.JPEG) of the class {name}; {_WHOLE}")
        names.extend(f"{name}/{inner}{file}" for file in files)
        counts.append(len(files))
    return ImageFiles(root, tuple(names), side), np.repeat(np.arange(len(classes)), counts)


def imagenet(folder: Path) -> Listing:
    """List ImageNet in torchvision's layout, train/<class>/*.JPEG and val/<class>/*.JPEG.

    The validation images are used for testing.

    Returns
    -------
    train, test, classes
        Images as squares of 256 pixels with their labels; names of the classes (WordNet identifiers), sorted.

    Raises
    ------
    DataError
        If a class has no images.
    """
    train = folder / "train"
    classes = tuple(sorted(path.name for path in train.iterdir() if path.is_dir())) if train.is_dir() else ()
    if not classes:
        raise DataError(
            f"{train} holds no folders of classes. Download ImageNet from image-net.org, which requires registration, "
            "and arrange it as torchvision does: train/<class>/*.JPEG, val/<class>/*.JPEG"
        )
    return _listed(train, classes, "", _SIDE), _listed(folder / "val", classes, "", _SIDE), classes


def tiny_imagenet(folder: Path, *, download: bool = False) -> Listing:
    """List Tiny ImageNet in its published layout, in `folder` or its subfolder tiny-imagenet-200.

    The validation images are used for testing.

    Returns
    -------
    train, test, classes
        Images as squares of 64 pixels with their labels; names of the classes (WordNet identifiers), sorted.

    Raises
    ------
    DataError
        If files are missing, or cannot be downloaded.
    AscError
        If downloaded files cannot be written.
    """
    try:
        return _tiny_imagenet(folder)
    except DataError:
        if not download:
            raise
    fetch([TINY_IMAGENET], folder)
    return _tiny_imagenet(folder)


def _tiny_imagenet(folder: Path) -> Listing:
    inner = folder / Path(TINY_IMAGENET.name).stem
    root = inner if inner.is_dir() else folder
    try:
        classes = tuple(sorted((root / "wnids.txt").read_text("utf-8").split()))
        rows = [line.split("\t")[:2] for line in (root / "val/val_annotations.txt").read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{root} is not Tiny ImageNet: {error}; {_WHOLE}") from error
    train, labels = _listed(root / "train", classes, "images/", _TINY_SIDE)
    if len(set(np.bincount(labels))) > 1:
        raise DataError(f"{root / 'train'} does not hold equally many images of each class; {_WHOLE}")
    numbers = {name: number for number, name in enumerate(classes)}
    test = ImageFiles(root / "val/images", tuple(file for file, _ in rows), _TINY_SIDE)
    for file, name in rows:
        if name not in numbers or not (test.root / file).is_file():
            raise DataError(f"{test.root} lacks {file}, or there is no class {name}; {_WHOLE}")
    return (train, labels), (test, np.array([numbers[name] for _, name in rows])), classes
