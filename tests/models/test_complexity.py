"""Counts of parameters and multiply-accumulates against counts by hand."""

import torch
from torch import nn

from models.complexity import complexity
from models.initialisation import initialise
from models.pruning.allocation import allocate
from models.pruning.masks import random_masks
from models.resnet import AudioResNet, NetworkSettings
from models.weights.damping import damp
from models.weights.sparse import lay_sparse


def by_hand(width: int) -> int:
    """Multiply-accumulates of Table 1 on 256 x 431 with D = K = 1: kernel area x channels x places, layer by layer."""
    w = width
    total = 25 * w * 127 * 215 + (9 + 1) * w * w * 127 * 215 + 18 * w * w * 63 * 107 + 2 * 18 * w * w * 31 * 53
    return total + (18 + 36 + 2) * w * w * 15 * 26 + (8 + 16 + 8) * w * w * 15 * 26 + 40 * w * 15 * 26


def test_the_audio_network() -> None:
    for width in (8, 32):
        cost = complexity(AudioResNet(NetworkSettings(width=width)), (1, 256, 431))
        assert cost.macs == by_hand(width)
    assert (cost.parameters, cost.memory_bytes, cost.input_shape) == (159_476, 637_904, (1, 256, 431))


def test_sparse_weights_count_as_what_they_become() -> None:
    network = AudioResNet(NetworkSettings(width=4))
    dense = complexity(network, (1, 64, 64))
    initialise(network, "kaiming", seed=0)
    masks = random_masks(network, allocate(network, 1000), seed=0)
    lay_sparse(network, masks)
    damp(network, 0.1)
    cost = complexity(network, (1, 64, 64))
    norms = sum(p.numel() for m in network.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters())
    assert cost.parameters == 1000 + norms
    assert cost.nonzero_parameters == 1000 + norms // 2  # batch norm's biases start at zero
    assert cost.macs == dense.macs


def test_zeros_are_not_counted_as_nonzero_and_the_mode_is_kept() -> None:
    layer = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).train()
    with torch.no_grad():
        layer[0].weight[0] = 0
    statistics = layer[1].running_mean.clone()
    cost = complexity(layer, (1, 5, 5))
    assert (cost.parameters, cost.nonzero_parameters) == (24, 24 - 9 - 2)
    assert layer.training
    assert torch.equal(layer[1].running_mean, statistics)
