"""Settings of random image augmentation, and drawing its parameters on the CPU.

`data_prep.images.transforms` applies the drawn parameters on the device. If the generator is seeded by (seed, epoch,
step), every batch can be reproduced.
"""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from common.errors import ConfigError

Crop = Literal["central", "random", "resized"]

_ATTEMPTS = 10  # to draw a resized crop that fits into the image, as in torchvision


@dataclass(frozen=True, kw_only=True)
class AugmentationSettings:
    """Settings of image augmentation, in the order of application. In testing, images are cropped centrally instead.

    Attributes
    ----------
    crop
        `central` takes the centre of the image, `random` a random position in the image padded with black, `resized` a
        rectangle of random area, aspect ratio and position, resized bilinearly without antialiasing (torchvision's
        RandomResizedCrop).
    side
        Rows and columns of the crop; None for those of the image.
    padding
        Padding on every edge for a random crop, in pixels.
    scale
        Range of the area of a resized crop relative to the image, uniformly distributed.
    ratio
        Range of the aspect ratio (width / height) of a resized crop, log-uniformly distributed.
    flip
        Whether half of the images are mirrored horizontally.
    brightness
        Largest value added to or subtracted from an image, on the scale of bytes, without clipping.
    contrast
        Range of the factor on each channel's deviation from its mean.
    resize
        Rows and columns to which images are resized (bilinearly) after normalisation; None for no resizing.

    Raises
    ------
    ConfigError
        If a value is not allowed.
    """

    crop: Crop = "central"
    side: int | None = None
    padding: int = 0
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    flip: bool = False
    brightness: float = 0.0
    contrast: tuple[float, float] = (1.0, 1.0)
    resize: int | None = None

    def __post_init__(self) -> None:
        """Check every value."""
        for field, fits, allowed in (
            ("crop", self.crop in get_args(Crop), f"one of {', '.join(get_args(Crop))}"),
            ("side", self.side is None or self.side > 0, "a whole number of at least 1, or none"),
            ("padding", self.padding >= 0, "a whole number of at least 0"),
            ("scale", 0 < self.scale[0] <= self.scale[1] <= 1, "two ascending shares above 0, up to 1"),
            ("ratio", 0 < self.ratio[0] <= 1 <= self.ratio[1], "two positive numbers with 1 between them"),
            ("brightness", self.brightness >= 0, "a number of at least 0"),
            ("contrast", 0 <= self.contrast[0] <= self.contrast[1], "two ascending numbers of at least 0"),
            ("resize", self.resize is None or self.resize > 0, "a whole number of at least 1, or none"),
        ):
            if not fits:
                raise ConfigError(field, getattr(self, field), allowed)

    def crop_side(self, side: int) -> int:
        """Return the number of rows of the crop of an image with `side` rows.

        Raises
        ------
        ConfigError
            If the image is smaller than the crop.
        """
        if self.side is not None and self.side > side:
            raise ConfigError("side", self.side, f"at most {side}, as images have {side} rows")
        return self.side or side


_PADDED = AugmentationSettings(crop="random", padding=4, flip=True)
AUGMENTATIONS = {
    "none": AugmentationSettings(),
    # Golubeva 2021, App. A and the authors' code; ImageNet without flips, as in App. A
    "golubeva2021": _PADDED,
    "golubeva2021-imagenet": AugmentationSettings(crop="resized", side=224, scale=(0.2, 1.0)),
    "price2021": _PADDED,
    # Casper 2021, App. A and the authors' code
    "casper2021-alexnet": AugmentationSettings(side=28, resize=32),
    "casper2021-alexnet-augmented": AugmentationSettings(
        crop="random", side=28, flip=True, brightness=63, contrast=(0.2, 1.8), resize=32
    ),
    "casper2021-resnet56": _PADDED,
    "casper2021-imagenet": AugmentationSettings(crop="resized", side=224, scale=(0.05, 1.0), flip=True),
}


class ImageDraws(NamedTuple):
    """Random parameters of a batch, each of shape (image,).

    Attributes
    ----------
    top, left, height, width
        Position and size of the crop in pixels of the (padded) image.
    flip
        Whether the image is mirrored.
    brightness, contrast
        Value added to the image, and factor on deviations from the mean.
    """

    top: Tensor
    left: Tensor
    height: Tensor
    width: Tensor
    flip: Tensor
    brightness: Tensor
    contrast: Tensor


def _rectangles(
    settings: AugmentationSettings, generator: np.random.Generator, count: int, side: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return heights and widths of resized crops: the first draw that fits into the image, or the whole image."""
    area = side**2 * generator.uniform(*settings.scale, (count, _ATTEMPTS))
    ratio = np.exp(generator.uniform(math.log(settings.ratio[0]), math.log(settings.ratio[1]), (count, _ATTEMPTS)))
    tried = np.rint(np.sqrt([area / ratio, area * ratio])).astype(np.int64)
    fits = ((tried > 0) & (tried <= side)).all(axis=0)
    height, width = tried[:, np.arange(count), fits.argmax(axis=1)]
    fitting = np.logical_or.reduce(fits, axis=1)
    return np.where(fitting, height, side), np.where(fitting, width, side)


def draw(settings: AugmentationSettings, generator: np.random.Generator, count: int, side: int) -> ImageDraws:
    """Draw the augmentation parameters of a batch.

    Parameters
    ----------
    settings
        Settings of the augmentation.
    generator
        Random generator.
    count
        Number of images.
    side
        Rows and columns of the images.

    Raises
    ------
    ConfigError
        If the crop is larger than the images.

    Examples
    --------
    >>> draws = draw(AUGMENTATIONS["price2021"], np.random.default_rng(0), count=128, side=32)
    >>> draws.flip.shape, int(draws.top.max())  # the images are padded by 4 pixels
    (torch.Size([128]), 8)
    """
    if settings.crop == "resized":
        room = side
        height, width = _rectangles(settings, generator, count, side)
    else:
        room = side + 2 * settings.padding
        height = width = np.full(count, settings.crop_side(side))
    drawn = (
        generator.integers(room - height + 1),
        generator.integers(room - width + 1),
        height,
        width,
        generator.random(count) < settings.flip / 2,
        generator.uniform(-settings.brightness, settings.brightness, count).astype(np.float32),
        generator.uniform(*settings.contrast, count).astype(np.float32),
    )
    return ImageDraws(*map(torch.from_numpy, drawn))
