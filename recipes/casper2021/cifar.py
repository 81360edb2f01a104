"""AlexNets and ResNet-56s on CIFAR-10, of every size, as Casper 2021 trains them (section 3 and App. A.1).

At `demo`: 1,500 training images (300 where labels are random), 200 test images, batches of 32, few epochs. Rates of
ResNets go down with the batch size, as in the published code; AlexNets keep theirs, or would learn next to nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from asc.presets import image_training
from asc.run import ImageData, Labels, Run
from data_prep.images.augmentation import AUGMENTATIONS, AugmentationSettings
from data_prep.images.splits import ImageSplitSettings
from models.initialisation import Start
from models.network import NetworkSettings
from models.registry import network_settings
from models.vision.named_initialisers import NamedInitialiser
from recipes.casper2021.sizes import SIZES, ResNetOptions, SizedPoint, SizeOptions
from recipes.points import Preset

CIFAR_SIZES: dict[Preset, tuple[float, ...]] = {"paper": SIZES, "demo": (0.125, 0.25, 0.5)}
# Networks that are trained at several batch sizes.
_BATCH_SIZES: dict[Preset, tuple[float, ...]] = {"paper": SIZES, "demo": CIFAR_SIZES["demo"][:2]}
FACTORS = (0.25, 1.0, 4.0)  # of batch size and learning rate together
_BATCH: dict[Preset, int] = {"paper": 128, "demo": 32}
# Series of Figures 6 and B3.
INITIALISERS: dict[str, dict[str, Any]] = {
    law: {name: {"start": f"{name.lower()}-{law}"} for name in ("Glorot", "He", "LeCun")}
    for law in ("normal", "uniform")
}
# What each regulariser adds to an AlexNet's settings.
REGULARISERS: dict[str, dict[str, Any]] = {
    "data augmentation": {"augmented": True},
    "dropout": {"dropout": 0.5},
    "weight decay": {"decay": 1e-3},
}
ALL_REGULARISERS = REGULARISERS["data augmentation"] | REGULARISERS["dropout"] | REGULARISERS["weight decay"]

# Of AlexNets, at most; in the published code twice as many where images are augmented.
_EPOCHS: dict[Preset, dict[str, int]] = {
    "paper": {"plain": 500, "augmented": 1000, "random labels": 5000},
    "demo": {"plain": 6, "augmented": 6, "random labels": 40},
}
_SPLITS: dict[Preset, ImageSplitSettings] = {
    "paper": ImageSplitSettings(validation=5000),
    "demo": ImageSplitSettings(validation=300, train_examples=1500, test_examples=200),
}
_RANDOM_EXAMPLES: dict[Preset, int | None] = {"paper": None, "demo": 300}
# Of ResNet-56s, and after which of them the rate falls.
_RESNET_EPOCHS: dict[Preset, dict[Labels, tuple[int, tuple[int, int]]]] = {
    "paper": {"true": (182, (91, 136)), "random": (182, (91, 136))},
    "demo": {"true": (6, (3, 5)), "random": (30, (15, 23))},
}
# At a few hundred steps the paper's 0.003 would leave running statistics where they start.
_BATCH_NORM: dict[Preset, float] = {"paper": 0.003, "demo": 0.1}


def cifar(preset: Preset, augmentation: AugmentationSettings, labels: Labels = "true") -> ImageData:
    """Return CIFAR-10, 5,000 training images held out, each image standardised by itself."""
    split = _SPLITS[preset]
    if labels == "random":
        split = replace(split, train_examples=_RANDOM_EXAMPLES[preset])
    return ImageData(
        name="cifar10",
        identity="",
        split=split,
        normalisation="image",
        augmentation=augmentation,
        labels=labels,
    )


def alexnet_of(size: float, **more: Any) -> NetworkSettings:
    """Return the AlexNet of a size factor."""
    return network_settings("alexnet", width=int(96 * size), **more)


def resnet56_of(size: float, **more: Any) -> NetworkSettings:
    """Return the ResNet-56 of a size factor."""
    return network_settings("resnet56", width=int(16 * size), **more)


def alexnet(
    size: float,
    preset: Preset,
    *,
    start: NamedInitialiser = "glorot-normal",
    labels: Labels = "true",
    factor: float = 1.0,
    augmented: bool = False,
    dropout: float = 0.0,
    decay: float = 0.0,
) -> Run:
    """Return an AlexNet's run: up to the epoch of best validation accuracy or, with random labels, training accuracy.

    `factor` multiplies batch size and learning rate; `decay` is of fc3's and fc4's weights.
    """
    random = labels == "random"
    kind = "random labels" if random else "augmented" if augmented else "plain"
    return Run(
        data=cifar(preset, AUGMENTATIONS["casper2021-alexnet" + "-augmented" * augmented], labels),
        network=alexnet_of(size, dropout=dropout),
        start=Start(init=start),
        training=image_training(
            epochs=_EPOCHS[preset][kind],
            batch_size=int(_BATCH[preset] * factor),
            learning_rate=0.01 * factor,
            momentum=0.9,
            weight_decay=decay,
            decayed=("fc3.weight", "fc4.weight") if decay else (),
            schedule="exponential",
            factor=0.95,
            patience=25 if random else 50,
            keep="best-train" if random else "best-validation",
        ),
        preset=preset,
    )


def resnet56(
    size: float, preset: Preset, *, start: NamedInitialiser, labels: Labels = "true", factor: float = 1.0
) -> Run:
    """Return a ResNet-56's run; with random labels without augmentation and weight decay."""
    random, (epochs, milestones) = labels == "random", _RESNET_EPOCHS[preset][labels]
    batch_size = int(_BATCH[preset] * factor)
    return Run(
        data=cifar(preset, AUGMENTATIONS["none" if random else "casper2021-resnet56"], labels),
        network=resnet56_of(size, batch_norm_momentum=_BATCH_NORM[preset]),
        start=Start(init=start),
        training=image_training(
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=0.1 * batch_size / 128,
            momentum=0.9,
            weight_decay=0.0 if random else 2e-4,
            schedule="steps",
            milestones=milestones,
        ),
        preset=preset,
    )


def alexnet_points(options: SizeOptions, series: Mapping[str, Mapping[str, Any]]) -> list[SizedPoint]:
    """Return AlexNets of all sizes in each series, which is what `alexnet` is given."""
    return [
        SizedPoint(series=name, size=size, run=alexnet(size, options.preset, **given))
        for name, given in series.items()
        for size in options.sizes or CIFAR_SIZES[options.preset]
    ]


def resnet56_points(options: ResNetOptions, series: Mapping[str, Mapping[str, Any]]) -> list[SizedPoint]:
    """Return ResNet-56s of all sizes in each series, which is what `resnet56` is given."""
    return [
        SizedPoint(series=name, size=size, run=resnet56(size, options.preset, start=options.resnet_start, **given))
        for name, given in series.items()
        for size in options.sizes or CIFAR_SIZES[options.preset]
    ]


def labelled_points(options: ResNetOptions) -> list[SizedPoint]:
    """Return Figure 5's points: both networks on true labels, with the regularisers they have, and on random ones."""
    random = {"labels": "random"}
    return alexnet_points(options, {"AlexNet": ALL_REGULARISERS, "AlexNet, random labels": random}) + resnet56_points(
        options, {"ResNet-56": {}, "ResNet-56, random labels": random}
    )


def glorot_and_he(options: SizeOptions) -> list[SizedPoint]:
    """Return the AlexNets of Figures 2 and 3."""
    return alexnet_points(options, {name: INITIALISERS["normal"][name] for name in ("Glorot", "He")})


def batch_points(options: ResNetOptions) -> list[SizedPoint]:
    """Return Figure B13's points: both networks of every size and factor that was trained."""
    options = replace(options, sizes=options.sizes or _BATCH_SIZES[options.preset])
    series = {f"k = {Fraction(factor)}": {"factor": factor} for factor in FACTORS}
    alexnets = alexnet_points(options, {f"AlexNet, {name}": given for name, given in series.items()})
    resnets = resnet56_points(options, {f"ResNet-56, {name}": given for name, given in series.items()})
    return [point for point in alexnets if (point.size, point.run.training.batch_size) != (4, 512)] + resnets
