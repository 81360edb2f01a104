"""Counts of parameters and multiply-accumulates against counts by hand and torchinfo's."""

import copy
from typing import cast

import pytest
import torch
import torchinfo
from torch import nn

from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.complexity import accepts, complexity, mult_adds
from models.initialisation import initialise
from models.pruning.allocation import allocate
from models.pruning.masks import random_masks
from models.weights.bake import bake
from models.weights.damping import damp
from models.weights.masked import lay_masks, set_masks
from models.weights.sparse import lay_sparse
from tests.networks import built

CLIP, SECOND = (1, 256, 431), (1, 256, 44)


def by_hand(width: int) -> int:
    """Multiply-accumulates of Table 1 on 256 x 431 with D = K = 1: kernel area x channels x places, layer by layer."""
    w = width
    total = 25 * w * 127 * 215 + (9 + 1) * w * w * 127 * 215 + 18 * w * w * 63 * 107 + 2 * 18 * w * w * 31 * 53
    return total + (18 + 36 + 2) * w * w * 15 * 26 + (8 + 16 + 8) * w * w * 15 * 26 + 40 * w * 15 * 26


def by_torchinfo(network: nn.Module, shape: tuple[int, ...]) -> int:
    return cast(int, torchinfo.summary(network, (1, *shape), verbose=0, device="cpu").total_mult_adds)


def test_the_audio_network() -> None:
    for width in (8, 32):
        cost = complexity(AudioResNet(AudioResNetSettings(width=width)), CLIP, SECOND)
        assert cost.macs == by_hand(width)
    assert (cost.parameters, cost.input_shape, cost.second_shape) == (159_476, CLIP, SECOND)
    assert cost.bytes == {"float32": 637_904, "float16": 318_952, "int8": 159_476}
    # Fixup starts whole layers at zero, and so do batch norm's biases.
    assert cost.nonzero_bytes["float16"] == 2 * cost.nonzero_parameters < cost.bytes["float16"]


@pytest.mark.parametrize("sizes", [{"width": 8}, {"width": 4, "depth": 3}, {"width": 4, "pointwise_depth": 0}])
def test_the_official_count_is_torchinfos(sizes: dict[str, int]) -> None:
    network = AudioResNet(AudioResNetSettings(**sizes))
    damped = copy.deepcopy(network)
    damp(damped, 0.1)
    expected = by_torchinfo(network, SECOND)
    assert complexity(network, CLIP, SECOND).second_mult_adds == expected
    assert complexity(damped, CLIP, SECOND).second_mult_adds == expected
    assert by_torchinfo(damped, SECOND) < expected  # it does not see parametrised weights


def test_layers_with_biases_and_linear_ones_count_as_torchinfo_counts_them() -> None:
    network = built("lenet5")
    assert mult_adds(network, (3, 32, 32)) == by_torchinfo(network, (3, 32, 32))


def test_static_and_iterative_networks_that_keep_as_much_count_alike() -> None:
    network = AudioResNet(AudioResNetSettings(width=4))
    initialise(network, "kaiming", seed=0)
    dense = complexity(network, (1, 64, 64), (1, 64, 16))
    masks = random_masks(network, allocate(network, 1000), seed=0)
    static, iterative = copy.deepcopy(network), copy.deepcopy(network)
    lay_sparse(static, masks)
    lay_masks(iterative)
    set_masks(iterative, masks)
    damp(static, 0.1)
    damp(iterative, 0.1)
    norms = sum(p.numel() for m in network.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters())
    for sparse in (static, iterative):
        cost = complexity(sparse, (1, 64, 64), (1, 64, 16))
        assert cost.parameters == dense.parameters
        assert cost.nonzero_parameters == 1000 + norms // 2  # batch norm's biases start at zero
        assert cost.macs == dense.macs
    bake(static)
    bake(iterative)
    assert all(torch.equal(*pair) for pair in zip(static.parameters(), iterative.parameters(), strict=True))


def test_zeros_are_not_counted_as_nonzero_and_the_network_is_left_as_it_is() -> None:
    layer = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).train()
    with torch.no_grad():
        layer[0].weight[0] = 0
    statistics = layer[1].running_mean.clone()
    cost = complexity(layer, (1, 5, 5), (1, 3, 3))
    assert (cost.parameters, cost.nonzero_parameters) == (24, 24 - 9 - 2)
    assert layer.training
    assert torch.equal(layer[1].running_mean, statistics)


def test_a_second_that_is_too_short_for_the_network_has_no_count() -> None:
    cost = complexity(AudioResNet(AudioResNetSettings(width=2)), (1, 64, 64), (1, 64, 8))
    assert cost.macs > 0
    assert (cost.second_macs, cost.second_mult_adds) == (None, None)


def test_inputs_smaller_than_a_kernel_are_not_accepted() -> None:
    network = AudioResNet(AudioResNetSettings(width=4))
    damp(network, 0.1)
    assert accepts(network, (1, 256, 43))
    assert not accepts(network, (1, 256, 9))
    assert next(network.parameters()).device.type == "cpu"
