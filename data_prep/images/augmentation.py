"""What happens to images at random on their way to a network, and drawing it, on the CPU.

Nothing else is random: whoever draws from (seed, epoch, step) trains on the same images again. What is drawn is done to
them by `data_prep.images.transforms`.
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

_ATTEMPTS = 10  # of a resized crop to fit into the image, as torchvision has it


@dataclass(frozen=True, kw_only=True)
class AugmentationSettings:
    """What is done to each image, in this order; where nothing is to be random, the middle is taken and nothing more.

    Attributes
    ----------
    crop
        `central`: the middle. `random`: any place in the image, padded with black. `resized`: a rectangle of random
        area, shape and place, brought to the crop's size (bilinear, without antialiasing); torchvision's
        RandomResizedCrop.
    side
        Rows and columns of the crop; the image's own if None.
    padding
        Of a random crop, on every edge.
    scale, ratio
        Of a resized crop: its share of the image's area, uniform; width over height, uniform in its logarithm.
    flip
        Whether half of the images are mirrored, left to right.
    brightness
        Up to how much is added to or subtracted from an image, on the scale of bytes; nothing is cut off.
    contrast
        From what to what each channel's distance from its mean is multiplied by.
    resize
        Rows and columns that images are brought to (bilinear) after they have been normalised; None leaves them.

    Raises
    ------
    ConfigError
        If a value makes no sense.
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
        """Return the rows of the crop of an image of `side` rows.

        Raises
        ------
        ConfigError
            If the image is smaller.
        """
        if self.side is not None and self.side > side:
            raise ConfigError("side", self.side, f"at most {side}, as images have {side} rows")
        return self.side or side


_PADDED = AugmentationSettings(crop="random", padding=4, flip=True)
AUGMENTATIONS = {
    "none": AugmentationSettings(),
    # Golubeva 2021, App. A and the authors' code; ImageNet without flips, as App. A lists it
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


class Draws(NamedTuple):
    """What is drawn for each image of a batch; every shape is (image,).

    Attributes
    ----------
    top, left, height, width
        Of the crop, in pixels of the (padded) image.
    flip
        Whether to mirror it.
    brightness, contrast
        What to add, and what to multiply distances from the mean by.
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
    """Return heights and widths of resized crops: the first attempt that fits into the image, or all of it."""
    area = side**2 * generator.uniform(*settings.scale, (count, _ATTEMPTS))
    ratio = np.exp(generator.uniform(math.log(settings.ratio[0]), math.log(settings.ratio[1]), (count, _ATTEMPTS)))
    tried = np.rint(np.sqrt([area / ratio, area * ratio])).astype(np.int64)
    fits = ((tried > 0) & (tried <= side)).all(axis=0)
    height, width = tried[:, np.arange(count), fits.argmax(axis=1)]
    fitting = np.logical_or.reduce(fits, axis=1)
    return np.where(fitting, height, side), np.where(fitting, width, side)


def draw(settings: AugmentationSettings, generator: np.random.Generator, count: int, side: int) -> Draws:
    """Draw what happens to each of `count` square images of `side` rows.

    Raises
    ------
    ConfigError
        If the crop is larger than they are.
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
    return Draws(*map(torch.from_numpy, drawn))
