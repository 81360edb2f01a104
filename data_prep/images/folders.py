"""Image sets that come as a file for each image in a folder for each class: ImageNet, and Tiny ImageNet.

An image that is asked for is brought to a square as torchvision's Resize and CenterCrop do: its shorter side to `side`,
then the middle. Random crops are taken from that square.
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
_WHOLE = "name the folder of a whole set, or fetch it where that is possible (--download)"


@dataclass(frozen=True)
class ImageFiles:
    """Images decoded when rows of them are asked for; by rows and shape like an array (example, channel, row, column).

    Attributes
    ----------
    root
        Folder that `names` start from.
    names
        The files.
    side
        Rows and columns that each image is brought to.
    """

    root: Path
    names: tuple[str, ...]
    side: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Examples, channels, rows, columns."""
        return len(self), 3, self.side, self.side

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Decode these images.

        Raises
        ------
        DataError
            Naming the file that is no image, or is damaged.
        """
        images = np.empty((len(rows), *self.shape[1:]), np.uint8)

        def fill(place: int) -> None:
            images[place] = _square(self.root / self.names[rows[place]], self.side)

        with ThreadPoolExecutor(count_cores()) as pool:
            for _ in pool.map(fill, range(len(rows))):
                pass
        return images

    def listing(self) -> str:
        """Return names and sizes, a line each: what tells this set from another without decoding it."""
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
    """List the images in each class's folder, and in the folder `inner` of that."""
    names: list[str] = []
    counts = []
    for name in classes:
        folder = root / name / inner
        files = sorted(file for file in os.listdir(folder) if file.endswith(".JPEG")) if folder.is_dir() else []
        if not files:
            raise DataError(f"{folder} holds no images (*.JPEG), and {name} is one of {len(classes)} classes; {_WHOLE}")
        names.extend(f"{name}/{inner}{file}" for file in files)
        counts.append(len(files))
    return ImageFiles(root, tuple(names), side), np.repeat(np.arange(len(classes)), counts)


def imagenet(folder: Path) -> Listing:
    """List ImageNet in torchvision's layout, train/<class>/*.JPEG and val/<class>/*.JPEG; its validation part tests.

    Returns
    -------
    train, test, classes
        Images as squares of 256 with their labels; names of the classes (WordNet's identifiers) in alphabetical order.

    Raises
    ------
    DataError
        If a class has no images.
    """
    train = folder / "train"
    classes = tuple(sorted(path.name for path in train.iterdir() if path.is_dir())) if train.is_dir() else ()
    if not classes:
        raise DataError(
            f"{train} holds no folder for each class. ImageNet has to come from image-net.org, which asks for a name; "
            "lay it out as torchvision does: train/<class>/*.JPEG, val/<class>/*.JPEG"
        )
    return _listed(train, classes, "", _SIDE), _listed(folder / "val", classes, "", _SIDE), classes


def tiny_imagenet(folder: Path, *, download: bool = False) -> Listing:
    """List Tiny ImageNet as it is published, in `folder` or in tiny-imagenet-200 there; its validation part tests.

    Returns
    -------
    train, test, classes
        Images as squares of 64 with their labels; names of the classes (WordNet's identifiers) in alphabetical order.

    Raises
    ------
    DataError
        If anything is missing, or cannot be fetched.
    AscError
        If what is fetched cannot be written.
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
        raise DataError(f"{root / 'train'} does not hold as many images of each class; {_WHOLE}")
    numbers = {name: number for number, name in enumerate(classes)}
    test = ImageFiles(root / "val/images", tuple(file for file, _ in rows), _TINY_SIDE)
    for file, name in rows:
        if name not in numbers or not (test.root / file).is_file():
            raise DataError(f"{test.root} lacks {file}, or there is no class {name}; {_WHOLE}")
    return (train, labels), (test, np.array([numbers[name] for _, name in rows])), classes
