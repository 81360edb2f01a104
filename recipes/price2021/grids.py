"""The runs that Price and Tanner 2021 draw accuracies of: networks, image sets, densities, and how they learn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from asc.presets import image_training
from asc.run import ImageData, Run
from asc.training_settings import TrainingSettings
from data_prep.images.augmentation import AUGMENTATIONS
from data_prep.images.sets import ImageSetName
from data_prep.images.splits import ImageSplitSettings
from models.network import NetworkSettings
from models.registry import network_settings
from recipes.images import ImageOptions
from recipes.points import Point, Preset
from recipes.price2021.methods import CLASSES, Series, Variants, start_of, weights_of

Algorithm = Literal["adam", "sgd"]

_SLOWED = ("bias", "biases", "scale")  # of a Fixup ResNet, as its authors' code has it
_WEIGHT_DECAY, _MOMENTUM = 5e-4, 0.9
_ADAM_RATE, _SGD_RATE, _SGD_RATE_DCT = 1e-3, 0.1, 0.03
_DROPS = (0.6, 0.8)  # of all epochs: SGD's rate falls to a tenth at 120 and 160 of 200


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How large a preset's runs are.

    Attributes
    ----------
    widths
        Of networks that are not as wide as published.
    densities
        Shares of the weights that are trained.
    epochs, batch_size
        Of all but LeNet-5.
    lenet_epochs, lenet_batch_size
        Of LeNet-5.
    split
        Of the training examples; Tiny ImageNet's has no validation part.
    side
        Rows and columns that images are brought to, None for their own.
    """

    widths: Mapping[str, int]
    densities: tuple[float, ...]
    epochs: int
    batch_size: int
    lenet_epochs: int
    lenet_batch_size: int
    split: ImageSplitSettings
    side: int | None


SCALES: Mapping[Preset, Sizes] = {
    "paper": Sizes(
        widths={},
        densities=(0.05, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001),
        epochs=200,
        batch_size=128,
        lenet_epochs=160,
        lenet_batch_size=64,
        split=ImageSplitSettings(validation=0.1),
        side=None,
    ),
    "demo": Sizes(
        widths={"resnet50": 8, "resnet18": 8, "vgg19": 8, "mobilenetv2": 8, "fixup-resnet": 4},
        densities=(0.2, 0.05, 0.01),
        epochs=5,
        batch_size=32,
        lenet_epochs=40,
        lenet_batch_size=32,
        split=ImageSplitSettings(validation=500, train_examples=2000, test_examples=1000),
        side=16,
    ),
}


@dataclass(frozen=True)
class Panel:
    """A network on a set of images: a panel of a figure."""

    network: str
    data: ImageSetName


@dataclass(frozen=True, kw_only=True)
class DensityPoint(Point):
    """A network of a series that trains this share of its weights."""

    density: float


@dataclass(frozen=True, kw_only=True)
class DensityOptions(Variants, ImageOptions):
    """Options of the figures of accuracy by density."""

    densities: tuple[float, ...] = ()
    """Shares of the weights that are trained (default: the preset's)."""
    sets: tuple[ImageSetName, ...] = ()
    """Image sets (default: the figure's, or CIFAR-10 with `--preset demo`)."""


def network_of(panel: Panel, preset: Preset) -> NetworkSettings:
    """Return the network of a panel."""
    widths = SCALES[preset].widths
    width = {"width": widths[panel.network]} if panel.network in widths else {}
    return network_settings(panel.network, classes=CLASSES[panel.data], **width)


def data_of(panel: Panel, preset: Preset, side: int | None = None) -> ImageData:
    """Return the examples of a panel, images brought to `side`."""
    split = SCALES[preset].split
    if panel.data == "tiny-imagenet":
        split = replace(split, validation=0)
    augmentation = replace(AUGMENTATIONS["price2021"], resize=side)
    return ImageData(name=panel.data, identity="", split=split, augmentation=augmentation)


def learning(panel: Panel, preset: Preset, optimizer: Algorithm, series: Series) -> TrainingSettings:
    """Return how a network of a series learns (Price 2021, Table 4)."""
    scale = SCALES[preset]
    small = panel.network == "lenet5"
    epochs = scale.lenet_epochs if small else scale.epochs
    common: dict[str, Any] = {
        "epochs": epochs,
        "batch_size": scale.lenet_batch_size if small else scale.batch_size,
        "weight_decay": _WEIGHT_DECAY,
        "slowed": _SLOWED if panel.network == "fixup-resnet" else (),
        "keep": "last" if panel.data == "tiny-imagenet" else "best-validation",
    }
    if optimizer == "adam":
        return image_training(optimizer="adam", learning_rate=_ADAM_RATE, **common)
    return image_training(
        optimizer="sgd",
        learning_rate=_SGD_RATE_DCT if series.startswith("DCTpS") else _SGD_RATE,
        momentum=_MOMENTUM,
        schedule="steps",
        milestones=tuple(round(share * epochs) for share in _DROPS),
        **common,
    )


def density_point(
    series: Series, panel: Panel, density: float, preset: Preset, variants: Variants, optimizer: Algorithm = "adam"
) -> DensityPoint:
    """Return the runs of one point."""
    network, training = network_of(panel, preset), learning(panel, preset, optimizer, series)
    weights = weights_of(series, network, density, panel.data, training.batch_size, variants)
    data = data_of(panel, preset, SCALES[preset].side)
    run = Run(data=data, network=network, start=start_of(network), weights=weights, training=training, preset=preset)
    return DensityPoint(series=series, run=run, density=density)


def density_points(
    options: DensityOptions, panels: Sequence[Panel], several: Sequence[Series], optimizer: Algorithm = "adam"
) -> list[DensityPoint]:
    """Return the points of a figure: the dense network of each panel, and each series at every density."""
    preset: Preset = options.preset
    points = []
    for panel in panels:
        points.append(density_point("dense", panel, 1.0, preset, options, optimizer))
        for series in several:
            for density in options.densities or SCALES[preset].densities:
                points.append(density_point(series, panel, density, preset, options, optimizer))
    return points


def panels_of(options: DensityOptions, network: str, sets: Sequence[ImageSetName]) -> list[Panel]:
    """Return the network on every set of the figure; at `demo` on CIFAR-10, which can be had."""
    chosen = options.sets or (sets if options.preset == "paper" else ("cifar10",))
    return [Panel(network, data) for data in chosen]
