"""Iterative magnitude pruning: how many weights go after each epoch, and which."""

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from common.errors import ConfigError, DataError
from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.prunable import prunable
from models.pruning.magnitude import MagnitudeSchedule, least_kept, prune_smallest
from models.pruning.masks import counts_of
from models.weights.damping import damp
from tests.models.pruning.small_networks import draw

TOTAL, BUDGET = 40_000_000, 626_752


def dense(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: torch.ones(weight.shape, dtype=torch.bool) for name, weight in weights.items()}


def test_the_number_removed_decays_exponentially_until_the_budget_is_met() -> None:
    schedule = MagnitudeSchedule(first_epoch=20, epochs=100, time_constant=30.0)
    remaining = [schedule.remaining(TOTAL, BUDGET, epoch) for epoch in range(150)]
    assert remaining[:20] == [TOTAL] * 20
    assert remaining[119:] == [BUDGET] * 31
    removed = [before - after for before, after in pairwise(remaining[19:120])]
    assert all(number > 0 for number in removed)
    for earlier, later in pairwise(removed):
        assert later / earlier == pytest.approx(math.exp(-1 / 30), abs=1e-4)


@given(st.integers(0, 10**7), st.data(), st.integers(0, 30), st.integers(1, 300), st.floats(0.5, 1e4))
def test_what_remains_never_rises_and_ends_at_the_budget(
    total: int, data: st.DataObject, first: int, epochs: int, constant: float
) -> None:
    budget = data.draw(st.integers(0, total))
    schedule = MagnitudeSchedule(first_epoch=first, epochs=epochs, time_constant=constant)
    remaining = [schedule.remaining(total, budget, epoch) for epoch in range(first + epochs + 2)]
    assert all(a >= b for a, b in pairwise([total, *remaining]))
    assert remaining[-3:] == [budget] * 3


def one_by_one(weights: list[list[float]], remaining: int, most_sparse: float) -> list[list[bool]]:
    """Remove the smallest weight of all again and again, unless its layer is as sparse as it may be."""
    kept = [[True] * len(layer) for layer in weights]
    while sum(map(sum, kept)) > remaining:
        allowed = [
            (abs(weights[i][j]), -i, -j)
            for i, layer in enumerate(kept)
            for j in range(len(layer))
            if layer[j] and sum(layer) - 1 >= len(layer) - math.floor(most_sparse * len(layer))
        ]
        _, i, j = min(allowed)
        kept[-i][-j] = False
    return kept


@given(
    st.lists(st.lists(st.integers(-4, 4), min_size=1, max_size=12), min_size=1, max_size=4),
    st.sampled_from([0.5, 0.75, 0.9, 1.0]),
    st.data(),
)
def test_it_is_as_if_weights_went_one_by_one(
    values: list[list[float]], most_sparse: float, data: st.DataObject
) -> None:
    weights = {str(i): torch.tensor(layer, dtype=torch.float32) for i, layer in enumerate(values)}
    floor = sum(least_kept({name: weight.numel() for name, weight in weights.items()}, most_sparse).values())
    remaining = data.draw(st.integers(floor, sum(map(len, values))))
    middle = data.draw(st.integers(remaining, sum(map(len, values))))
    halfway = prune_smallest(weights, dense(weights), middle, most_sparse=most_sparse)
    masks = prune_smallest(weights, halfway, remaining, most_sparse=most_sparse)
    assert [mask.tolist() for mask in masks.values()] == one_by_one(values, remaining, most_sparse)


def test_a_layer_of_small_weights_is_spared_from_99_percent_on() -> None:
    weights = {"small": 1e-3 * draw((20, 50), 0), "large": 10 + draw((20, 500), 1).abs()}
    assert counts_of(prune_smallest(weights, dense(weights), 5000)) == {"small": 10, "large": 4990}
    collapsed = counts_of(prune_smallest(weights, dense(weights), 5000, most_sparse=1.0))
    assert collapsed == {"small": 0, "large": 5000}


def test_a_layer_that_is_sparser_already_gives_nothing() -> None:
    weights = {"a": draw((1000,), 0), "b": 10 + draw((1000,), 1).abs()}
    masks = dense(weights)
    masks["a"] = torch.arange(1000) < 3
    assert counts_of(prune_smallest(weights, masks, 500)) == {"a": 3, "b": 497}


def test_damped_weights_go_first_where_the_magnitude_is_of_the_weight_in_use() -> None:
    network = AudioResNet(AudioResNetSettings(width=16))
    damp(network, 0.1)
    layers = prunable(network)
    used = {name: layer.weight for name, layer in layers.items()}
    masks = prune_smallest(used, dense(used), sum(weight.numel() for weight in used.values()) // 4)
    rows = torch.stack([mask.double().mean(dim=(0, 1, 3)) for mask in masks.values() if mask.shape[2] == 3]).mean(dim=0)
    assert max(float(rows[0]), float(rows[2])) < 0.05 < 0.3 < float(rows[1])


def test_training_never_brings_a_weight_back() -> None:
    weights = {"a": draw((30, 30), 0), "b": draw((30, 30), 1)}
    masks = dense(weights)
    for epoch, remaining in enumerate((1200, 700, 300, 100)):
        later = prune_smallest(weights, masks, remaining)
        assert all(not bool((later[name] & ~masks[name]).any()) for name in masks)
        assert sum(counts_of(later).values()) == remaining
        masks, weights = later, {name: draw((30, 30), 10 * epoch + i) for i, name in enumerate(weights)}


def test_what_cannot_be_is_named() -> None:
    weights = {"a": draw((1000,), 0), "b": draw((1000,), 1)}
    with pytest.raises(ConfigError, match="from 20 "):
        prune_smallest(weights, dense(weights), 19)
    with pytest.raises(ConfigError, match="to 2000"):
        prune_smallest(weights, dense(weights), 2001)
    with pytest.raises(ConfigError, match="most_sparse"):
        prune_smallest(weights, dense(weights), 100, most_sparse=99)
    weights["b"][3] = torch.nan
    with pytest.raises(DataError, match="b are not finite"):
        prune_smallest(weights, dense(weights), 100)


@pytest.mark.parametrize("setting", [{"first_epoch": -1}, {"epochs": 0}, {"time_constant": 0.0}])
def test_settings_are_checked(setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        MagnitudeSchedule(**setting)
