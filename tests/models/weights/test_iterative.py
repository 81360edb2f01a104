"""Iterative pruning as a scheme: when it removes weights, how many remain, and what cannot be reached."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from common.errors import ConfigError
from models.counts import network_counts
from models.initialisation import initialise
from models.network import NetworkSettings
from models.prunable import prunable
from models.pruning.magnitude import MagnitudeSchedule, prune_smallest
from models.registry import build, network_settings
from models.weights.damping import Damping
from models.weights.iterative import IterativePruning
from models.weights.masked import masks_of
from models.weights.scheme import Laying
from models.weights.schemes import lay_schemes

SETTINGS = network_settings("audio-resnet", width=4, classes=3)
PRUNING = IterativePruning(base_width=2, first_epoch=1, epochs=3, time_constant=1.0)


def laid(scheme: IterativePruning = PRUNING, *, damped: bool = True, settings: NetworkSettings = SETTINGS) -> nn.Module:
    network = build(settings)
    initialise(network, "kaiming", seed=0)
    lay_schemes(network, [scheme, *([Damping()] if damped else [])], Laying(settings=settings))
    return network


def original(network: nn.Module, name: str) -> nn.Parameter:
    return network.get_submodule(name).get_parameter("parametrizations.weight.original")


def test_weights_are_ranked_only_before_epochs_that_remove_some(monkeypatch: pytest.MonkeyPatch) -> None:
    network, ranked = laid(), []

    def noted(weights: Any, masks: Any, remaining: int) -> Any:
        ranked.append(remaining)
        return prune_smallest(weights, masks, remaining)

    monkeypatch.setattr("models.weights.iterative.prune_smallest", noted)
    for epoch in range(9):
        PRUNING.before_epoch(network, epoch)
        with torch.no_grad():  # as an optimizer with momentum would
            for name in prunable(network):
                original(network, name).add_(0.01)
    assert len(ranked) == 3  # before epochs 2, 3 and 4
    assert (ranked[-1],) == PRUNING.budget(SETTINGS)
    PRUNING.before_epoch(network, 9)
    for name, mask in masks_of(network).items():
        assert not original(network, name)[~mask].any()


@pytest.mark.parametrize("damped", [False, True])
def test_weights_are_removed_by_schedule_and_do_not_come_back(damped: bool) -> None:
    network, seen = laid(damped=damped), []
    for epoch in range(6):
        PRUNING.before_epoch(network, epoch)
        seen.append(masks_of(network))
        with torch.no_grad():
            for name in prunable(network):
                original(network, name).add_(0.05 * torch.randn_like(original(network, name)))
    counts = [sum(int(mask.sum()) for mask in masks.values()) for masks in seen]
    total, (least,) = network_counts(SETTINGS).weights, PRUNING.budget(SETTINGS)
    assert counts[:2] == [total, total]  # the first are removed after epoch 1
    assert counts[-2:] == [least, least]
    assert all(np.diff(counts[1:5]) < 0)
    for before, after in pairwise(seen):
        assert all(not bool((after[name] & ~before[name]).any()) for name in after)


@pytest.mark.parametrize(("magnitude", "edges_last"), [("weight", True), ("effective", False)])
def test_magnitudes_are_of_trained_or_of_damped_weights(magnitude: Any, edges_last: bool) -> None:
    """Edge rows are trained twice as large as centre rows, and a damped layer computes with a tenth of them."""
    scheme = IterativePruning(kept=(1200,), first_epoch=0, epochs=1, time_constant=1.0, magnitude=magnitude)
    network = laid(scheme)
    kernels = [name for name, layer in prunable(network).items() if layer.weight.shape[-1] == 3]
    with torch.no_grad():
        for name in prunable(network):
            original(network, name).fill_(1.0)
        for name in kernels:
            original(network, name)[:, :, [0, 2]] = 2.0
    scheme.before_epoch(network, 0)
    scheme.before_epoch(network, 1)
    masks = masks_of(network)
    edges = np.mean([masks[name][:, :, [0, 2]].float().mean().item() for name in kernels])
    centres = np.mean([masks[name][:, :, 1].float().mean().item() for name in kernels])
    assert bool(edges > centres) is edges_last


def test_a_budget_that_pruning_cannot_reach_is_an_error_before_training() -> None:
    wide = network_settings("audio-resnet", width=16, classes=3)
    narrow = IterativePruning(base_width=1, first_epoch=1, epochs=3, time_constant=1.0)
    with pytest.raises(ConfigError, match=r"base_width = 1 is not allowed: at least .* 1 % of each layer is never"):
        laid(narrow, settings=wide)
    with pytest.raises(ConfigError, match="kept = 5 is not allowed"):
        laid(IterativePruning(kept=(5,)))


def test_epochs_that_are_not_given_follow_the_runs() -> None:
    assert IterativePruning(base_width=2).resolved(350, 20) == IterativePruning(
        base_width=2, first_epoch=20, epochs=200, time_constant=50.0
    )
    given = IterativePruning(base_width=2, first_epoch=3, epochs=8, time_constant=5.0, magnitude="weight")
    assert given.resolved(20, 4) == given
    assert IterativePruning(base_width=2, epochs=8).resolved(20, 4).first_epoch == 4
    with pytest.raises(ConfigError, match=r"iterative\.epochs = 16 is not allowed: at most 15"):
        IterativePruning(base_width=2, epochs=16).resolved(20, 4)


def test_a_scheme_that_is_not_resolved_has_the_papers_schedule() -> None:
    assert IterativePruning(base_width=2).schedule == MagnitudeSchedule()
    assert PRUNING.schedule == MagnitudeSchedule(first_epoch=1, epochs=3, time_constant=1.0)


def test_other_schemes_need_no_epochs() -> None:
    assert Damping().resolved(10, 2) == Damping()
