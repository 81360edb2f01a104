"""The published counts: Price and Tanner 2021, Table 2, Golubeva 2021's weights by width, Casper 2021's parameters."""

from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import nn

from models.prunable import prunable
from models.vision.alexnet import AlexNet, AlexNetSettings
from models.vision.fixup import FixupResNet, FixupSettings
from models.vision.lenet import LeNet5, LeNetSettings
from models.vision.mobilenet import MobileNetSettings, MobileNetV2
from models.vision.resnet import ResNet, ResNet18Settings, ResNet50Settings, ResNet56Settings
from models.vision.vgg import Vgg19, VggSettings

# Layers, filters, weights, biases and batch norm: for 10 classes.
TABLE_2: dict[str, tuple[Callable[[], nn.Module], tuple[int, int, int, int]]] = {
    "ResNet-50": (lambda: ResNet(ResNet50Settings()), (54, 26_570, 23_467_712, 53_130)),
    "ResNet-18": (lambda: ResNet(ResNet18Settings()), (21, 4_810, 11_164_352, 9_610)),
    "VGG-19": (lambda: Vgg19(VggSettings()), (17, 5_514, 20_024_000, 11_018)),
    "MobileNetV2": (lambda: MobileNetV2(MobileNetSettings()), (58, 17_554, 2_261_824, 35_098)),
    "Fixup ResNet-110": (lambda: FixupResNet(FixupSettings()), (110, 4_058, 1_719_856, 282)),
}
CIFAR = {
    100: {8: 180_952, 12: 402_180, 18: 897_462, 40: 4_391_480, 64: 11_210_432},
    10: {8: 175_192, 12: 393_540, 18: 884_502, 40: 4_362_680, 64: 11_164_352},
}
# By size, 1/4x to 4x; with biases and batch norm.
ALEXNET = {24: 438_746, 48: 1_749_930, 96: 6_989_642, 192: 27_938_442, 384: 111_713_546}
RESNET_56 = {4: 54_518, 8: 215_362, 16: 856_058, 32: 3_413_482, 64: 13_632_458}
IMAGENET_MILLIONS = {64: 11.679, 90: 22.798, 128: 45.673, 181: 90.716, 256: 180.606}


def weights(network: nn.Module) -> int:
    return sum(layer.weight.numel() for layer in prunable(network).values())


def parameters(build: Callable[[], nn.Module]) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in build().parameters())


def resnet18_weights(width: int, classes: int, **others: str | float) -> int:
    with torch.device("meta"):
        return weights(ResNet(ResNet18Settings(width=width, classes=classes, **others)))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", TABLE_2)
def test_table_2(name: str) -> None:
    build, counts = TABLE_2[name]
    with torch.device("meta"):
        network = build()
    layers = prunable(network)
    filters = sum(len(layer.weight) for layer in layers.values())
    total = sum(parameter.numel() for parameter in network.parameters())
    assert (len(layers), filters, weights(network), total - weights(network)) == counts


@pytest.mark.parametrize("classes", CIFAR)
def test_resnet_18_weights_by_width(classes: int) -> None:
    assert {width: resnet18_weights(width, classes) for width in CIFAR[classes]} == CIFAR[classes]


def test_resnet_18_weights_by_width_on_imagenet() -> None:
    counts = {width: resnet18_weights(width, 1000, stem="imagenet") / 1e6 for width in IMAGENET_MILLIONS}
    assert counts == pytest.approx(IMAGENET_MILLIONS, abs=5e-4)


@pytest.mark.parametrize("width", ALEXNET)
def test_alexnet_parameters_by_width(width: int) -> None:
    assert parameters(lambda: AlexNet(AlexNetSettings(width=width))) == ALEXNET[width]


@pytest.mark.parametrize("width", RESNET_56)
def test_resnet_56_parameters_by_width(width: int) -> None:
    assert parameters(lambda: ResNet(ResNet56Settings(width=width))) == RESNET_56[width]


def test_lenet_5_parameters() -> None:
    assert parameters(lambda: LeNet5(LeNetSettings())) == 62_006
    assert parameters(lambda: LeNet5(LeNetSettings(units=82, bias=False))) == 61_510


def test_tensorflows_resnet_18_has_one_projection_more() -> None:
    ours = parameters(lambda: ResNet(ResNet18Settings(classes=1000, stem="imagenet", projections="stages")))
    assert ours - parameters(torchvision.models.resnet18) == 64 * 64 + 2 * 64


def test_inner_width_pays_for_wider_blocks() -> None:
    """With twice the outer and half the inner width only the stem, the projections and the classifier grow."""
    plain, wide = (resnet18_weights(width, 10, inner=inner) for width, inner in ((32, 32), (64, 16)))
    stem_and_classifier = 9 * 3 * 32 + 8 * 32 * 10
    projections = 32**2 * (1 * 2 + 2 * 4 + 4 * 8)
    assert wide - plain == stem_and_classifier + 3 * projections
    assert plain == resnet18_weights(32, 10)


def test_inner_channels_are_rounded_at_every_stage() -> None:
    with torch.device("meta"):
        network = ResNet(ResNet18Settings(width=8, inner=0.375))
    channels = [len(layer.weight) for layer in prunable(network).values()]
    assert [channels[first] for first in (1, 5, 10, 15)] == [1, 1, 2, 3]  # of 0.375, 0.75, 1.5 and 3
    assert resnet18_weights(8, 10, inner=2.0) == resnet18_weights(8, 10, inner=2)
    assert resnet18_weights(8, 10, inner=2) < resnet18_weights(8, 10, inner=2.125) < resnet18_weights(8, 10, inner=2.25)


def test_wide_resnet_50_2_is_one_of_the_inner_widths() -> None:
    with torch.device("meta"):
        ours = ResNet(ResNet50Settings(classes=1000, stem="imagenet", inner=128))
        theirs = torchvision.models.wide_resnet50_2()
    assert [p.shape for p in ours.parameters()] == [p.shape for p in theirs.parameters()]


def test_vgg_19_has_torchvisions_convolutions() -> None:
    with torch.device("meta"):
        ours, theirs = Vgg19(VggSettings()).features, torchvision.models.vgg19_bn().features
    shapes = [[m.weight.shape for m in features.modules() if isinstance(m, nn.Conv2d)] for features in (ours, theirs)]
    assert shapes[0] == shapes[1]


def test_mobilenet_has_torchvisions_blocks() -> None:
    """But for the first block's expansion by one and the projections as shortcuts, which torchvision's lacks."""
    with torch.device("meta"):
        ours, theirs = MobileNetV2(MobileNetSettings(classes=1000)), torchvision.models.mobilenet_v2()
    extra = 32 * 32 + 16 * 24 + 64 * 96 + 160 * 320 + 32 * 16
    assert weights(ours) == weights(theirs) + extra
