"""What the image networks compute: shapes, torchvision's outputs where it has the network, and their first weights."""

import math
from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock

from common.errors import ConfigError
from models.prunable import prunable
from models.vision.fixup import FixupBlock, FixupResNet, FixupSettings
from models.vision.initialisation import initialise_kaiming
from models.vision.mobilenet import MobileNetSettings, MobileNetV2
from models.vision.resnet import ResNet, ResNet18Settings, ResNet50Settings, ResNet56Settings, ResNetSettings
from models.vision.settings import VisionSettings
from models.vision.vgg import Vgg19, VggSettings

SMALL: dict[str, Callable[[], nn.Module]] = {
    "ResNet-18": lambda: ResNet(ResNet18Settings(width=4, classes=7)),
    "ResNet-18, ImageNet": lambda: ResNet(ResNet18Settings(width=4, classes=7, stem="imagenet")),
    "ResNet-18, bottleneck": lambda: ResNet(ResNet18Settings(width=4, classes=7, inner=3)),
    "ResNet-50": lambda: ResNet(ResNet50Settings(width=4, classes=7)),
    "ResNet-56": lambda: ResNet(ResNet56Settings(width=3, classes=7)),
    "VGG-19": lambda: Vgg19(VggSettings(width=4, classes=7)),
    "MobileNetV2": lambda: MobileNetV2(MobileNetSettings(width=5, classes=7)),
    "Fixup ResNet-20": lambda: FixupResNet(FixupSettings(depth=20, width=3, classes=7)),
}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("size", [32, 64])
def test_one_logit_a_class_at_any_image_size(name: str, size: int) -> None:
    network = SMALL[name]()
    logits = network(torch.randn(2, 3, size, size))
    assert logits.shape == (2, 7)
    nn.functional.cross_entropy(logits, torch.tensor([0, 6])).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


# Places along a side of the last feature map, for images of 32.
@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("ResNet-18", 4),
        ("ResNet-18, ImageNet", 1),
        ("ResNet-50", 4),
        ("ResNet-56", 8),
        ("VGG-19", 2),
        ("MobileNetV2", 4),
    ],
)
def test_size_of_the_last_feature_map(name: str, side: int) -> None:
    assert SMALL[name]().eval().features(torch.zeros(1, 3, 32, 32)).shape[2:] == (side, side)


@pytest.mark.parametrize("depth", [18, 50])
def test_with_the_imagenet_stem_it_is_torchvisions(depth: int) -> None:
    settings: ResNetSettings = (ResNet18Settings if depth == 18 else ResNet50Settings)(classes=1000, stem="imagenet")
    ours = ResNet(settings)
    theirs = getattr(torchvision.models, f"resnet{depth}")()
    state = [torch.rand_like(value) if "running" in name else value for name, value in theirs.state_dict().items()]
    for network in (ours, theirs):
        network.load_state_dict(dict(zip(network.state_dict(), state, strict=True)))
        network.eval()
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(image), theirs(image), rtol=1e-4, atol=1e-4)


def test_resnet_56_is_made_of_torchvisions_blocks() -> None:
    ours = ResNet(ResNet56Settings())
    theirs: list[nn.Module] = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    inputs = 16
    for stage, outputs in enumerate((16, 32, 64)):
        stride = 2 if stage else 1
        projection = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))
        theirs += [BasicBlock(inputs, outputs, stride, projection), *(BasicBlock(outputs, outputs) for _ in range(8))]
        inputs = outputs
    reference = nn.Sequential(*theirs, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    state = dict(zip(ours.state_dict(), reference.state_dict().values(), strict=True))
    ours.load_state_dict(state)
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(ours(images), reference(images), rtol=1e-4, atol=1e-4)


def test_running_statistics_move_by_the_momentum() -> None:
    network, images = ResNet(ResNet56Settings(width=2)), torch.randn(4, 3, 8, 8)
    network(images)
    torch.testing.assert_close(
        network.features[1].running_mean, 0.003 * network.features[0](images).mean(dim=(0, 2, 3)), rtol=1e-4, atol=1e-7
    )
    assert {m.eps for m in network.modules() if isinstance(m, nn.BatchNorm2d)} == {1e-5}


def test_vgg_19_computes_torchvisions_features() -> None:
    ours, theirs = Vgg19(VggSettings()), torchvision.models.vgg19_bn().features
    mine, other = ([m for m in features.modules() if isinstance(m, nn.Conv2d)] for features in (ours.features, theirs))
    with torch.no_grad():
        for a, b in zip(mine, other, strict=True):
            b.weight.copy_(a.weight)
            b.bias.zero_()
    image = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(ours.features(image), theirs[:-1](image))


def test_a_mobilenet_block_keeps_or_halves_the_size() -> None:
    network = MobileNetV2(MobileNetSettings())
    strides = [m.stride[0] for m in network.modules() if isinstance(m, nn.Conv2d) and m.groups > 1]
    assert strides == [1, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1]


def test_a_fixup_block_is_its_formula() -> None:
    block = FixupBlock(2, 4, 2, 1)
    nn.init.normal_(block.conv2.weight)
    with torch.no_grad():
        block.biases.copy_(torch.tensor([0.1, -0.2, 0.3, -0.4]))
        block.scale.fill_(1.5)
    x = torch.randn(2, 2, 6, 6)
    inner = torch.relu(nn.functional.conv2d(x + 0.1, block.conv1.weight, stride=2, padding=1) - 0.2)
    branch = 1.5 * nn.functional.conv2d(inner + 0.3, block.conv2.weight, padding=1) - 0.4
    shortcut = torch.zeros(2, 4, 3, 3)
    shortcut[:, :2] = nn.functional.avg_pool2d(x + 0.1, 1, stride=2)
    torch.testing.assert_close(block(x), torch.relu(branch + shortcut))


def test_fixup_starts_as_published() -> None:
    network = FixupResNet(FixupSettings(width=32, depth=20))
    blocks = [module for module in network.modules() if isinstance(module, FixupBlock)]
    assert len(blocks) == 9
    for block in blocks:
        deviation = math.sqrt(2 / (9 * block.conv1.out_channels)) / 3
        assert block.conv1.weight.std().item() == pytest.approx(deviation, rel=0.05)
        assert not block.conv2.weight.any()
    loss = nn.functional.cross_entropy(network(torch.randn(3, 3, 32, 32)), torch.tensor([1, 2, 3]))
    assert loss.item() == pytest.approx(math.log(10), abs=1e-6)


def logits_of(seed: int, image: Tensor) -> Tensor:
    network = ResNet(ResNet18Settings(width=4))
    initialise_kaiming(network, seed)
    return network(image)  # type: ignore[no-any-return]


def test_kaiming_by_seed() -> None:
    image = torch.randn(2, 3, 32, 32)
    assert torch.equal(logits_of(1, image), logits_of(1, image))
    assert not torch.equal(logits_of(1, image), logits_of(2, image))
    network = ResNet(ResNet18Settings(width=24))
    initialise_kaiming(network, 0)
    for layer in prunable(network).values():
        assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / layer.weight[0].numel()), rel=0.1)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (VggSettings, "width", 0),
        (VggSettings, "classes", 1),
        (ResNet18Settings, "width", 0),
        (ResNet18Settings, "stem", "mnist"),
        (ResNet18Settings, "projections", "none"),
        (ResNet18Settings, "batch_norm_momentum", 0.0),
        (ResNet18Settings, "batch_norm_momentum", 1.5),
        (ResNet18Settings, "inner", 0),
        (FixupSettings, "depth", 109),
        (FixupSettings, "depth", 2),
    ],
)
def test_impossible_settings_are_named(kind: type[VisionSettings], field: str, value: object) -> None:
    with pytest.raises(ConfigError, match=field):
        kind(**{field: value})  # type: ignore[arg-type]
