"""ResNet-18s and Inception-v3s on ImageNet, of every size, as Casper 2021 trains them (section 3 and App. A.1).

At `demo`: small ones on CIFAR-10's subset of `recipes.casper2021.cifar`, for Inception-v3 enlarged to 75 x 75. In so
few steps Inception-v3s learn next to nothing there.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from asc.presets import image_training
from asc.run import ImageData, Run
from data_prep.images.augmentation import AUGMENTATIONS
from models.initialisation import Start
from models.network import NetworkSettings
from models.registry import network_settings
from models.vision.named_initialisers import NamedInitialiser
from recipes.casper2021.cifar import FACTORS, cifar
from recipes.casper2021.sizes import SIZES, ResNetOptions, SizedPoint
from recipes.points import Preset

IMAGENET_SIZES: dict[Preset, tuple[float, ...]] = {"paper": SIZES, "demo": (1 / 16, 0.125, 0.25)}
INCEPTION, INCEPTION_LAYER = "Inception-v3", "one layer of Inception-v3"
_LAYER_SITE = "Mixed_5d"
# Inception-v3 of twice the size did not fit into the authors' machine.
WIDEST_INCEPTION = 1.0
# Whose one layer varies, by size factor; and the factors of that layer, of which the network's own is 1.
_LAYER_IN: dict[Preset, float] = {"paper": 1.0, "demo": 0.25}
_LAYER_SIZES: dict[Preset, tuple[float, ...]] = {"paper": SIZES, "demo": (0.25, 1.0, 4.0)}

_BATCH: dict[Preset, int] = {"paper": 256, "demo": 32}
# The largest batches that the authors' machine held, by size factor.
_LARGEST: dict[Preset, dict[float, int]] = {
    "paper": {0.25: 8192, 0.5: 4096, 1.0: 3072, 2.0: 1024, 4.0: 512},
    "demo": {1 / 16: 256, 0.125: 192, 0.25: 128},
}
RESNET18_EPOCHS: dict[Preset, int] = {"paper": 90, "demo": 8}
_DROPS: dict[Preset, tuple[int, ...]] = {"paper": (30, 60, 80), "demo": (3, 6, 7)}
_INCEPTION_EPOCHS: dict[Preset, int] = {"paper": 90, "demo": 3}


@dataclass(frozen=True, kw_only=True)
class ImageNetOptions(ResNetOptions):
    """Options of figures of networks on ImageNet."""

    seeds: int = 1
    """Number of runs of each configuration, with seeds 0, 1, ...; the paper has one."""


def _imagenet(side: int | None = None) -> ImageData:
    augmentation = replace(AUGMENTATIONS["casper2021-imagenet"], resize=side)
    return ImageData(name="imagenet", identity="", normalisation="imagenet", augmentation=augmentation)


def resnet18_of(size: float, preset: Preset = "paper") -> NetworkSettings:
    """Return the ResNet-18 of a size factor, TensorFlow's official one."""
    given: dict[str, Any] = {"classes": 1000, "stem": "imagenet", "batch_norm_momentum": 0.003}
    if preset == "demo":
        given = {"classes": 10}
    return network_settings("resnet18", width=int(64 * size), projections="stages", **given)


def inception_of(size: float, preset: Preset = "paper", layer: int | None = None) -> NetworkSettings:
    """Return the Inception-v3 of a size factor, `layer` channels in its last block of 35 x 35 if not its own."""
    given: dict[str, Any] = {"classes": 1000, "batch_norm_momentum": 0.0003} if preset == "paper" else {"classes": 10}
    return network_settings("inception3", width=int(32 * size), layer=layer, dropout=0.2, **given)


def layer_of(factor: float, preset: Preset = "paper") -> NetworkSettings:
    """Return the Inception-v3 whose last block of 35 x 35 alone is `factor` times as wide."""
    size = _LAYER_IN[preset]
    return inception_of(size, preset, None if factor == 1 else int(288 * size * factor))


def resnet18(
    size: float, preset: Preset, *, start: NamedInitialiser, factor: float = 1.0, epochs: int | None = None
) -> Run:
    """Return a ResNet-18's run; `factor` multiplies batch size and learning rate."""
    batch_size = int(_BATCH[preset] * factor)
    return Run(
        data=_imagenet() if preset == "paper" else cifar(preset, AUGMENTATIONS["casper2021-resnet56"]),
        network=resnet18_of(size, preset),
        start=Start(init=start),
        training=image_training(
            epochs=epochs or RESNET18_EPOCHS[preset],
            batch_size=batch_size,
            learning_rate=0.1 * batch_size / 256,
            momentum=0.9,
            weight_decay=1e-4,
            schedule="steps",
            milestones=_DROPS[preset],
        ),
        preset=preset,
    )


def inception(network: NetworkSettings, preset: Preset) -> Run:
    """Return the run of an Inception-v3.

    The paper says neither RMSProp's settings, which are those of Inception's public training, nor, but for a misprint
    that it has for ResNets as well, its learning rate.
    """
    epochs = _INCEPTION_EPOCHS[preset]
    enlarged = replace(AUGMENTATIONS["casper2021-resnet56"], resize=75)
    return Run(
        data=_imagenet(299) if preset == "paper" else cifar(preset, enlarged),
        network=network,
        start=Start(init="truncated-normal", sigma=0.1),
        training=image_training(
            epochs=epochs,
            batch_size=_BATCH[preset],
            optimizer="rmsprop",
            learning_rate=0.1 * _BATCH[preset] / 256,
            momentum=0.9,
            smoothing=0.9,
            epsilon=1.0,
            weight_decay=4e-5,
            schedule="steps",
            milestones=tuple(range(8, epochs, 8)),
            factor=0.96,
        ),
        preset=preset,
    )


def resnet18_points(options: ResNetOptions) -> list[SizedPoint]:
    """Return ResNet-18s of all sizes."""
    sizes, preset = options.sizes or IMAGENET_SIZES[options.preset], options.preset
    runs = {size: resnet18(size, preset, start=options.resnet_start) for size in sizes}
    return [SizedPoint(series="ResNet-18", size=size, run=run) for size, run in runs.items()]


def inception_points(options: ResNetOptions) -> list[SizedPoint]:
    """Return Inception-v3s of all sizes that were trained."""
    sizes, preset = options.sizes or IMAGENET_SIZES[options.preset], options.preset
    return [
        SizedPoint(series=INCEPTION, size=size, run=inception(inception_of(size, preset), preset))
        for size in sizes
        if size <= WIDEST_INCEPTION
    ]


def layer_points(options: ResNetOptions) -> list[SizedPoint]:
    """Return Inception-v3s that vary in one layer, whose units alone count."""
    sizes, preset = options.sizes or _LAYER_SIZES[options.preset], options.preset
    runs = {size: inception(layer_of(size, preset), preset) for size in sizes}
    return [SizedPoint(series=INCEPTION_LAYER, size=size, run=run, site=_LAYER_SITE) for size, run in runs.items()]


def imagenet_points(options: ResNetOptions) -> list[SizedPoint]:
    """Return Figure 4's points: ResNet-18s, Inception-v3s, and these with one layer varied."""
    return resnet18_points(options) + inception_points(options) + layer_points(options)


def resnet18_batches(options: ResNetOptions) -> list[SizedPoint]:
    """Return Figure B12's points: ResNet-18s at each factor of batch size and learning rate, where the batch fits."""
    preset, whole = options.preset, _BATCH[options.preset]
    points = []
    for factor in (*FACTORS, None):
        for size in options.sizes or IMAGENET_SIZES[preset]:
            largest = _LARGEST[preset].get(size, whole) / whole
            if factor is None or factor <= largest:
                run = resnet18(size, preset, start=options.resnet_start, factor=factor or largest)
                name = "largest batch" if factor is None else f"k = {Fraction(factor)}"
                points.append(SizedPoint(series=name, size=size, run=run))
    return points
