"""Sparse runs: exactly the budget, chosen by the seed alone, by the schedule, and read back."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from asc.learners import NetworkLearner
from asc.loading import load_network
from asc.machine import Machine
from asc.networks import build_network
from asc.run import Run
from asc.run_folder import RunFolder
from asc.scenes.task import SceneTask
from asc.task import Logits
from asc.training import train
from data_prep.storage import PreparedSet
from models.audio.resnet import AudioResNetSettings
from models.counts import network_counts
from models.initialisation import Start
from models.prunable import prunable
from models.weights.damping import Damping
from models.weights.dct import DctSparsity
from models.weights.iterative import IterativePruning
from models.weights.masked import masks_of
from models.weights.pruned import PrunedAtStart
from models.weights.scheme import KeepsWeights
from models.weights.schemes import kept_weights
from models.weights.sparse import StaticSparsity

pytestmark = pytest.mark.trains

ITERATIVE = IterativePruning(base_width=2, first_epoch=1, epochs=3, time_constant=1.0)
STATIC = StaticSparsity(base_width=2)
PRUNED = PrunedAtStart(base_width=3, method="synflow", iterations=10)


def sparse(run: Run, scheme: KeepsWeights, *, damped: bool = True) -> Run:
    """Return six epochs of the run's network with a scheme."""
    weights = (scheme, *([Damping(edge=0.1)] if damped else []))
    return replace(run, weights=weights, training=replace(run.training, epochs=6))


def kept(network: torch.nn.Module) -> int:
    return sum(int(layer.weight.count_nonzero()) for layer in prunable(network).values())


def test_the_budget_is_the_narrow_networks_count() -> None:
    # Audio paper, Sec. 4: W = 512 at the weights of W = 64 is 98.4 % sparse.
    wide, narrow = (AudioResNetSettings(width=width, classes=10) for width in (512, 64))
    dense = network_counts(narrow).weights
    assert StaticSparsity(base_width=64).budget(wide) == (dense,)
    assert 1 - dense / network_counts(wide).weights == pytest.approx(0.984, abs=0.0005)


def test_static_masks_are_the_seeds_and_exactly_the_budget(scene_run: Run) -> None:
    run = sparse(replace(scene_run, start=Start(init="kaiming")), STATIC)
    first, again, other = (build_network(replace(run, seed=seed)) for seed in (0, 0, 1))
    wanted = kept_weights(run.weights, run.network)
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


@pytest.mark.parametrize("scheme", [STATIC, ITERATIVE, PRUNED], ids=lambda scheme: scheme.kind)
@pytest.mark.parametrize("damped", [False, True])
def test_a_run_ends_with_the_budget_and_is_read_back(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path, scheme: KeepsWeights, damped: bool
) -> None:
    start = Start(init="kaiming" if scheme is PRUNED else "fixup")
    run = sparse(replace(scene_run, start=start), scheme, damped=damped)
    folder = train(run, prepared, tmp_path, Machine())
    assert scheme.kind in folder.path.parent.name
    network, budget = load_network(folder), kept_weights(run.weights, run.network)
    masks = masks_of(network)
    dense = sum(layer.weight.numel() for name, layer in prunable(network).items() if name not in masks)
    assert sum(int(mask.sum()) for mask in masks.values()) + dense == budget
    assert budget is not None
    assert kept(network) <= budget
    stored, _ = folder.read_weights()
    if scheme is not ITERATIVE:
        sizes = {name: tensor.numel() for name, tensor in stored.items() if name.endswith("weight.original")}
        assert any("parametrizations.weight.0.positions" in name for name in stored)
        assert sum(sizes.values()) <= budget


def test_weights_go_by_schedule_and_do_not_come_back(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = sparse(scene_run, ITERATIVE)
    seen: list[dict[str, torch.Tensor]] = []
    networks: list[torch.nn.Module] = []
    before, scores = NetworkLearner.before_epoch, SceneTask.scores

    def note(learner: NetworkLearner, epoch: int) -> None:
        networks.append(learner.network)
        before(learner, epoch)

    def look(task: SceneTask, epoch: int, logits: Logits, folder: RunFolder) -> list[dict[str, float]]:
        seen.append(masks_of(networks[-1]))
        return scores(task, epoch, logits, folder)

    monkeypatch.setattr(NetworkLearner, "before_epoch", note)
    monkeypatch.setattr(SceneTask, "scores", look)
    train(run, prepared, tmp_path, Machine())
    counts = [sum(int(mask.sum()) for mask in masks.values()) for masks in seen]
    total, least = network_counts(run.network).weights, kept_weights(run.weights, run.network)
    assert counts[:2] == [total, total]  # the first goes after epoch 1
    assert counts[-2:] == [least, least]
    assert all(np.diff(counts[1:5]) < 0)
    for one, after in pairwise(seen):
        assert all(not bool((after[name] & ~one[name]).any()) for name in after)


def test_a_run_on_clips_with_transforms_sparse_values_and_patience(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path
) -> None:
    """Transforms, sparse values, SGD and patience came with runs on images."""
    training = replace(
        scene_run.training,
        epochs=40,
        optimizer="sgd",
        momentum=0.9,
        learning_rate=1e-12,
        keep="best-train",
        patience=3,
        augmentations=(),
    )
    run = replace(sparse(scene_run, DctSparsity(base_width=2)), training=training)
    folder = train(run, prepared, tmp_path, Machine())
    result = json.loads(folder.result_file.read_text())
    assert "damped" in folder.path.parent.name
    assert "dct-of-w2" in folder.path.parent.name
    assert result["epochs"] < 40
    assert result["epochs"] - 1 - result["kept_epoch"] == 3
    assert result["score_epochs"] == min(result["epochs"], 10)
    numbers = sorted(path.name for path in folder.predictions_folder.iterdir())
    assert numbers == [
        f"epoch-{i:04d}.parquet" for i in range(result["epochs"] - result["score_epochs"], result["epochs"])
    ]
    network = load_network(folder)
    transforms = sum(name.endswith(".alpha") for name, _ in network.named_parameters())
    assert transforms == len(prunable(network))
    assert sum(int(mask.sum()) for mask in masks_of(network).values()) == kept_weights(run.weights, run.network)
