"""The network of Table 1: published counts, sizes, the loss at the start."""

import math

import pytest
import torch
from torch import nn

from common.errors import ConfigError
from models.audio.resnet import AudioResNet, AudioResNetSettings, ResidualBlock
from models.initialisation import initialise

WITH_POINTWISE = {32: 159_476, 64: 630_228, 128: 2_505_620, 192: 5_626_196, 256: 9_991_956, 384: 22_459_028}
WITHOUT = {32: 125_300, 64: 496_340, 128: 1_975_700, 192: 4_438_100, 256: 7_883_540, 512: 31_495_700}


def build(**settings: int) -> AudioResNet:
    return AudioResNet(AudioResNetSettings(**settings))


@pytest.mark.parametrize(("pointwise", "counts"), [(1, WITH_POINTWISE), (0, WITHOUT)])
def test_parameter_counts_are_the_published_ones(pointwise: int, counts: dict[int, int]) -> None:
    with torch.device("meta"):
        for width, count in counts.items():
            network = build(width=width, pointwise_depth=pointwise)
            assert sum(p.numel() for p in network.parameters()) == count


def test_wide_sparse_density_of_the_paper() -> None:
    with torch.device("meta"):
        weights = {w: sum(p.numel() for p in build(width=w).parameters() if p.dim() > 1) for w in (64, 512)}
    assert 1 - weights[64] / weights[512] == pytest.approx(0.9843, abs=5e-5)


def test_sizes_along_the_network() -> None:
    network, sizes = build(), []
    for layer in network.features:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            layer.register_forward_hook(lambda _m, _i, out: sizes.append(tuple(out.shape[2:])))
    network(torch.zeros(1, 1, 256, 431))
    assert sizes == [(127, 215), (63, 107), (31, 53), (15, 26)]


@pytest.mark.parametrize(("channels", "classes"), [(1, 10), (2, 3)])
def test_loss_at_the_start_is_that_of_a_uniform_guess(channels: int, classes: int) -> None:
    network = build(width=8, channels=channels, classes=classes)
    initialise(network, "fixup", seed=0)
    logits = network.train()(torch.randn(4, channels, 64, 48))
    loss = nn.functional.cross_entropy(logits, torch.arange(4) % classes)
    assert loss.item() == pytest.approx(math.log(classes), abs=1e-6)


def test_fixup_zeroes_every_second_convolution_and_scales_the_first() -> None:
    network = build(width=64, depth=2)
    initialise(network, "fixup", seed=1)
    blocks = [module for module in network.modules() if isinstance(module, ResidualBlock)]
    assert len(blocks) == 4 + 2 + 1
    for block in blocks:
        expected = len(blocks) ** -0.5 * math.sqrt(2 / (block.conv1.kernel_size[0] ** 2 * block.conv1.out_channels))
        assert block.conv1.weight.std().item() == pytest.approx(expected, rel=0.05)
        assert not block.conv2.weight.any()
    zeros = sum(int((p == 0).sum()) for p in network.parameters() if p.dim() > 1)
    assert zeros / sum(p.numel() for p in network.parameters() if p.dim() > 1) > 0.5


def test_kaiming_leaves_nothing_zero() -> None:
    network = build(width=16)
    initialise(network, "kaiming", seed=1)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            fan = module.weight[0].numel()
            assert module.weight.std().item() == pytest.approx(math.sqrt(2 / fan), rel=0.2)


def test_seed_alone_decides_the_weights() -> None:
    first, second, other = build(width=8), build(width=8), build(width=8)
    initialise(first, "fixup", seed=3)
    torch.rand(7)
    initialise(second, "fixup", seed=3)
    initialise(other, "fixup", seed=4)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not torch.equal(first.features[0].weight, other.features[0].weight)


def test_a_block_is_its_formula() -> None:
    block = ResidualBlock(3, 5, 3, 1).eval()
    x = torch.randn(2, 3, 9, 7)
    inner = torch.relu(nn.functional.conv2d(x, block.conv1.weight, padding=1) / math.sqrt(1 + 1e-5))
    inner = nn.functional.conv2d(inner, block.conv2.weight) / math.sqrt(1 + 1e-5)
    short = nn.functional.conv2d(x, block.shortcut[0].weight) / math.sqrt(1 + 1e-5)
    torch.testing.assert_close(block(x), torch.relu(inner + short))


def test_logits_stay_float32_under_autocast() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert build(width=4)(torch.zeros(2, 1, 64, 64)).dtype == torch.float32


@pytest.mark.parametrize(("field", "value"), [("width", 0), ("depth", 0), ("pointwise_depth", -1), ("classes", 1)])
def test_impossible_sizes_are_named(field: str, value: int) -> None:
    with pytest.raises(ConfigError, match=field):
        AudioResNetSettings(**{field: value})


def test_an_unknown_initialisation_is_named() -> None:
    with pytest.raises(ConfigError, match="init"):
        initialise(build(width=4), "xavier", seed=0)  # type: ignore[arg-type]
