"""CP-Mobile: the published counts, its receptive field, and pruning at initialisation."""

import doctest
from dataclasses import replace

import pytest
import torch
import torchinfo

from common.errors import ConfigError
from evaluation.erf import penultimate
from models.audio.cp_mobile import CpMobile, CpMobileSettings
from models.complexity import complexity
from models.receptive_field import receptive_field
from models.registry import build, network_settings
from models.weights.pruned import PrunedAtStart
from models.weights.scheme import Laying
from tests.conftest import ROOT

# One second at 32 kHz with a hop of 500 samples, 256 mel bands, as in the baseline of DCASE 2024.
SECOND = (1, 256, 65)
SMALL = CpMobileSettings(width=8, classes=3)


def test_its_counts_are_the_published_ones() -> None:
    network = build(network_settings("cp-mobile"))
    found = complexity(network, SECOND, SECOND)
    assert found.parameters == 61_148
    assert round(found.second_mult_adds / 1e6, 2) == 29.42
    assert found.second_mult_adds == torchinfo.summary(network, (1, *SECOND), verbose=0).total_mult_adds


@pytest.mark.parametrize(("width", "channels"), [(16, [16, 32, 48]), (32, [32, 56, 104]), (64, [64, 112, 208])])
def test_channels_grow_in_multiples_of_eight(width: int, channels: list[int]) -> None:
    network = CpMobile(CpMobileSettings(width=width))
    outputs = [block.branch[-1].num_features for block in network.features[6:]]
    assert outputs == [channels[0]] * 3 + [channels[1]] * 2 + [channels[2]]


def test_its_receptive_field_is_that_of_its_gradient() -> None:
    network = CpMobile(SMALL).eval().double()
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.constant_(module.weight, 1.0)  # no two paths cancel
    layers = penultimate(network, "features")
    x = torch.rand(1, 1, 128, 128, dtype=torch.float64, requires_grad=True)
    y = layers(x)
    y[0, :, y.shape[2] // 2, y.shape[3] // 2].sum().backward()
    assert x.grad is not None
    touched = (x.grad[0, 0] != 0).nonzero()
    spans = (touched.max(dim=0).values - touched.min(dim=0).values + 1).tolist()
    assert spans == [axis.size for axis in receptive_field(layers)]


@pytest.mark.parametrize(("field", "value"), [("width", 12), ("multiplier", 0), ("expansion", -1.0), ("channels", 0)])
def test_sizes_that_make_no_network(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=field):
        replace(SMALL, **{field: value})


def test_it_is_pruned() -> None:
    network = build(SMALL)
    batch = (torch.randn(4, 1, 64, 64), torch.arange(4) % 3)
    scheme = PrunedAtStart(kept=(2000,), method="snip", iterations=2)
    scheme.lay(network, Laying(settings=SMALL, batches=[batch]))
    kept = sum(int(layer.weight.count_nonzero()) for layer in network.modules() if isinstance(layer, torch.nn.Conv2d))
    assert kept == 2000


def test_the_pages_numbers_are_computed() -> None:
    failures, examples = doctest.testfile(str(ROOT / "docs" / "adding-a-network.md"), module_relative=False)
    assert (failures, examples > 0) == (0, True)
