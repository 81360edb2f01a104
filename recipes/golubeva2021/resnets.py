"""The ResNet-18s of Golubeva 2021: on which images, how wide, widened in which way, and how they learn."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from asc.presets import image_training
from asc.run import ImageData, Run
from asc.training_settings import TrainingSettings
from data_prep.images.augmentation import AUGMENTATIONS
from data_prep.images.splits import ImageSplitSettings
from models.counts import network_counts
from models.network import NetworkSettings
from models.registry import network_settings
from models.weights.bottleneck import LinearBottleneck, inner_width
from models.weights.scheme import Scheme
from models.weights.sparse import StaticSparsity
from recipes.points import Point, Preset

Images = Literal["imagenet", "cifar10", "cifar100", "svhn"]
Method = Literal["dense", "sparse", "sparse kernels", "linear bottleneck", "non-linear bottleneck"]

_CLASSES: Mapping[Images, int] = {"imagenet": 1000, "cifar10": 10, "cifar100": 100, "svhn": 10}
_EIGHTH = 1 / 8  # of a channel of the first stage is a channel of the last
_IMAGENET_BATCH = 256  # not in the paper; a learning rate of 0.1 is usual with it


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How large a preset's runs are.

    Attributes
    ----------
    epochs, imagenet_epochs
        Passes over the training examples.
    milestones
        After what shares of the epochs the learning rate falls to a tenth; none, as on ImageNet: it is a cosine.
    batch_size
        Of all sets but ImageNet.
    split
        Which examples.
    side
        Rows and columns that images are brought to, None for their own.
    """

    epochs: int
    imagenet_epochs: int
    milestones: tuple[float, ...]
    batch_size: int
    split: ImageSplitSettings
    side: int | None


SCALES: Mapping[Preset, Scale] = {
    "paper": Scale(
        epochs=300,
        imagenet_epochs=150,
        milestones=(50 / 300, 120 / 300, 200 / 300),
        batch_size=128,
        split=ImageSplitSettings(),
        side=None,
    ),
    "demo": Scale(
        epochs=10,
        imagenet_epochs=10,
        milestones=(),
        batch_size=64,
        split=ImageSplitSettings(train_examples=5000, test_examples=2000),
        side=16,
    ),
}


@dataclass(frozen=True, kw_only=True)
class ResNetPoint(Point):
    """A network of a figure: how it was made from the dense one `base_width` wide, whose weights its series names."""

    method: Method
    base_width: int


@dataclass(frozen=True, kw_only=True)
class Family:
    """ResNet-18s on one image set, learning as a preset says.

    Attributes
    ----------
    images
        The set's name.
    base_widths, widths
        Of the dense networks that others are made from, and of those others.
    epochs
        Passes over the training examples (default: the preset's).
    """

    images: Images
    base_widths: tuple[int, ...]
    widths: tuple[int, ...]
    preset: Preset
    epochs: int | None = None

    def dense(self, width: int) -> ResNetPoint:
        """Return the dense network of a width."""
        return self._point("dense", width, self._network(width), ())

    def widened(self, method: Method) -> list[ResNetPoint]:
        """Return each dense network of a base width, and what `method` makes of it, in ascending width.

        The linear bottleneck is laid on networks of the base width too. The non-linear one is left out where a network
        has too many weights even with one channel.
        """
        points = []
        for base in self.base_widths:
            points.append(self.dense(base))
            widths = sorted(width for width in self.widths if width > base)
            for width in [base, *widths] if method == "linear bottleneck" else widths:
                points += self._widened(method, width, base)
        return points

    def _widened(self, method: Method, width: int, base: int) -> list[ResNetPoint]:
        network, budget = self._network(width), network_counts(self._network(base)).weights
        if method == "linear bottleneck":
            weights: tuple[Scheme, ...] = (LinearBottleneck(base_width=base),)
        elif method == "non-linear bottleneck":
            weights = ()
            if self._count(width, 1) > budget:
                return []
            inner = inner_width(lambda eighths: self._count(width, eighths), budget) * _EIGHTH
            network = self._network(width, inner)
        else:
            by_kernel = method == "sparse kernels"
            weights = (StaticSparsity(kept=(budget,), mask_init="rescaled", io_only=by_kernel),)
        return [self._point(method, base, network, weights)]

    def _count(self, width: int, eighths: int) -> int:
        return network_counts(self._network(width, eighths * _EIGHTH)).weights

    def _network(self, width: int, inner: float | None = None) -> NetworkSettings:
        stem = "imagenet" if self.images == "imagenet" else "cifar"
        return network_settings("resnet18", width=width, classes=_CLASSES[self.images], stem=stem, inner=inner)

    def _point(self, method: Method, base: int, network: NetworkSettings, weights: tuple[Scheme, ...]) -> ResNetPoint:
        return ResNetPoint(
            series=f"{network_counts(self._network(base)).weights:.1e}".replace("e+0", "e"),
            run=Run(data=self._data(), network=network, weights=weights, training=self._learning(), preset=self.preset),
            method=method,
            base_width=base,
        )

    def _data(self) -> ImageData:
        scale = SCALES[self.preset]
        augmentation = AUGMENTATIONS["golubeva2021-imagenet" if self.images == "imagenet" else "golubeva2021"]
        return ImageData(
            name=self.images,
            identity="",
            split=scale.split,
            normalisation="imagenet",
            augmentation=replace(augmentation, resize=scale.side),
        )

    def _learning(self) -> TrainingSettings:
        scale, on_imagenet = SCALES[self.preset], self.images == "imagenet"
        epochs = self.epochs or (scale.imagenet_epochs if on_imagenet else scale.epochs)
        milestones = () if on_imagenet else tuple(round(share * epochs) for share in scale.milestones)
        return image_training(
            epochs=epochs,
            batch_size=_IMAGENET_BATCH if on_imagenet else scale.batch_size,
            learning_rate=0.1,
            momentum=0.9,
            weight_decay=1e-4 if on_imagenet else 5e-4,
            schedule="steps" if milestones else "cosine",
            milestones=milestones,
        )
