"""Sparse runs: exactly the budget, chosen by the seed alone, and through interruptions."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from asc.description import RunDescription, SparsitySettings
from asc.epochs import EpochEnd
from asc.loading import load_run
from asc.module import build_network
from asc.run_folder import RunFolder
from asc.sparsity import budget, count_weights, prune_before
from asc.training import Machine, train
from common.errors import ConfigError
from data_prep.storage import PreparedSet
from models.prunable import prunable
from models.pruning.magnitude import MagnitudeSchedule, prune_smallest
from models.resnet import AudioResNet, NetworkSettings
from models.weights.masked import masks_of
from tests.asc.conftest import same_weights

pytestmark = pytest.mark.trains

ITERATIVE = SparsitySettings(
    method="iterative", base_width=2, schedule=MagnitudeSchedule(first_epoch=1, epochs=3, time_constant=1.0)
)
STATIC = SparsitySettings(method="static", base_width=2)


def sparse(description: RunDescription, sparsity: SparsitySettings, damping: float | None = 0.1) -> RunDescription:
    """Return six epochs of the description's network with sparsity."""
    weights = replace(description.weights, sparsity=sparsity, damping=damping)
    return replace(description, weights=weights, training=replace(description.training, epochs=6))


def kept(network: torch.nn.Module) -> int:
    return sum(int(layer.weight.count_nonzero()) for layer in prunable(network).values())


def test_the_budget_is_the_narrow_networks_count() -> None:
    # Audio paper, Sec. 4: W = 512 at the weights of W = 64 is 98.4 % sparse.
    wide = NetworkSettings(width=512, classes=10)
    dense = build_count(NetworkSettings(width=64, classes=10))
    assert budget(wide, SparsitySettings(method="static", base_width=64)) == dense
    assert 1 - dense / build_count(wide) == pytest.approx(0.984, abs=0.0005)
    with pytest.raises(ConfigError, match="base_width"):
        budget(NetworkSettings(width=32), SparsitySettings(method="static", base_width=64))


def build_count(settings: NetworkSettings) -> int:
    with torch.device("meta"):
        return count_weights(AudioResNet(settings))


def test_static_masks_are_the_seeds_and_exactly_the_budget(description: RunDescription) -> None:
    description = sparse(replace(description, weights=replace(description.weights, init="kaiming")), STATIC)
    first, again, other = (build_network(replace(description, seed=seed)) for seed in (0, 0, 1))
    wanted = budget(description.network, STATIC)
    assert kept(first) == wanted
    masks, same, different = (masks_of(network) for network in (first, again, other))
    assert all(torch.equal(masks[name], same[name]) for name in masks)
    assert not all(torch.equal(masks[name], different[name]) for name in masks)
    trainable = sum(parameter.numel() for name, parameter in first.named_parameters() if "weight.original" in name)
    full = sum(layer.weight.numel() for name, layer in prunable(first).items() if name not in masks)
    damped_full = sum(
        layer.weight.numel()
        for name, layer in prunable(first).items()
        if name not in masks and hasattr(layer, "parametrizations")
    )
    assert trainable + full - damped_full == wanted


@pytest.mark.parametrize("sparsity", [STATIC, ITERATIVE])
@pytest.mark.parametrize("damping", [None, 0.1])
def test_a_run_ends_with_the_budget_and_is_read_back(
    prepared: PreparedSet,
    description: RunDescription,
    tmp_path: Path,
    sparsity: SparsitySettings,
    damping: float | None,
) -> None:
    description = sparse(description, sparsity, damping)
    folder = train(description, prepared, tmp_path, Machine())
    assert sparsity.method in folder.path.parent.name
    network = load_run(folder, prepared, "cpu").module.network
    masks = masks_of(network)
    dense = sum(layer.weight.numel() for name, layer in prunable(network).items() if name not in masks)
    assert sum(int(mask.sum()) for mask in masks.values()) + dense == budget(description.network, sparsity)
    assert kept(network) <= budget(description.network, sparsity)
    stored = load_file(folder.weights_file)
    if sparsity.method == "static":
        sizes = {name: tensor.numel() for name, tensor in stored.items() if name.endswith("weight.original")}
        assert any("parametrizations.weight.0.positions" in name for name in stored)
        assert sum(sizes.values()) <= budget(description.network, sparsity)


def test_pruning_goes_on_after_an_interruption_as_if_there_had_been_none(
    prepared: PreparedSet, description: RunDescription, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    description = sparse(description, ITERATIVE)
    whole = train(description, prepared, tmp_path / "whole", Machine())
    original = EpochEnd.on_train_epoch_end

    def stop(self: EpochEnd, trainer: object, module: object) -> None:
        original(self, trainer, module)  # type: ignore[arg-type]
        if trainer.current_epoch == 2:  # type: ignore[attr-defined]
            raise KeyError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(EpochEnd, "on_train_epoch_end", stop)
        with pytest.raises(KeyError):
            train(description, prepared, tmp_path / "broken", Machine())
    assert same_weights(whole, train(description, prepared, tmp_path / "broken", Machine()))


def test_weights_go_by_schedule_and_do_not_come_back(
    prepared: PreparedSet, description: RunDescription, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    description = sparse(description, ITERATIVE)
    seen: list[dict[str, torch.Tensor]] = []
    original = EpochEnd.on_train_epoch_end

    def look(self: EpochEnd, trainer: object, module: object) -> None:
        seen.append(masks_of(module.network))  # type: ignore[attr-defined]
        original(self, trainer, module)  # type: ignore[arg-type]

    monkeypatch.setattr(EpochEnd, "on_train_epoch_end", look)
    train(description, prepared, tmp_path, Machine())
    counts = [sum(int(mask.sum()) for mask in masks.values()) for masks in seen]
    total, least = build_count(description.network), budget(description.network, ITERATIVE)
    assert counts[:2] == [total, total]  # the first goes after epoch 1
    assert counts[-2:] == [least, least]
    assert all(np.diff(counts[1:5]) < 0)
    for before, after in pairwise(seen):
        assert all(not bool((after[name] & ~before[name]).any()) for name in after)


def test_weights_are_ranked_only_before_epochs_that_remove_some(
    description: RunDescription, monkeypatch: pytest.MonkeyPatch
) -> None:
    description = sparse(replace(description, weights=replace(description.weights, init="kaiming")), ITERATIVE)
    network, ranked = build_network(description), []
    original = prune_smallest

    def noted(weights: Any, masks: Any, remaining: int) -> Any:
        ranked.append(remaining)
        return original(weights, masks, remaining)

    monkeypatch.setattr("asc.sparsity.prune_smallest", noted)
    for epoch in range(9):
        prune_before(epoch, network, description)
        with torch.no_grad():  # as an optimiser with momentum would
            for layer in prunable(network).values():
                layer.get_parameter("parametrizations.weight.original").add_(0.01)
    assert len(ranked) == 3  # before epochs 2, 3 and 4
    assert ranked[-1] == budget(description.network, ITERATIVE)
    prune_before(9, network, description)
    for name, mask in masks_of(network).items():
        weight = network.get_submodule(name).get_parameter("parametrizations.weight.original")
        assert not weight[~mask].any()


def test_dense_runs_keep_the_identity_they_had_before_sparsity(description: RunDescription, tmp_path: Path) -> None:
    assert replace(description, weights=replace(description.weights, sparsity=None)).identity == description.identity
    assert sparse(description, STATIC).identity != sparse(description, ITERATIVE).identity
    assert "static-of-w2" in RunFolder.of(sparse(description, STATIC), tmp_path).path.parent.name


def test_a_budget_that_pruning_cannot_reach_is_an_error_before_training(description: RunDescription) -> None:
    narrow = replace(ITERATIVE, base_width=1)
    wide = replace(sparse(description, narrow), network=NetworkSettings(width=16, classes=3))
    with pytest.raises(ConfigError, match="base_width"):
        build_network(wide)
