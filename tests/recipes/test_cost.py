"""What a run costs, counted beforehand, is what it turns out to be, on acoustic scenes and on images."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from asc.images.task import ImageTask
from asc.machine import Machine
from asc.networks import build_network
from asc.run import ImageData, Run
from asc.training import train
from data_prep.images.augmentation import AugmentationSettings
from data_prep.images.sets import LabelledSet, Part
from data_prep.images.teacher import TeacherSettings
from data_prep.storage import PreparedSet
from models.counts import network_counts
from models.registry import network_settings
from models.weights.bottleneck import LinearBottleneck
from models.weights.damping import Damping
from models.weights.dct import DctSparsity
from models.weights.hyperplane import RandomHyperplane
from models.weights.iterative import IterativePruning
from models.weights.scheme import Scheme
from models.weights.schemes import trained_parameters
from models.weights.sparse import StaticSparsity
from recipes.cost import Examples, run_cost

RESNET = network_settings("resnet18", width=4, classes=10)
SCHEMES: list[tuple[Scheme, ...]] = [
    (),
    (Damping(edge=0.1),),
    (StaticSparsity(kept=(3000,), allocation="uniform"),),
    (StaticSparsity(kept=tuple(range(1, 22))), Damping(edge=0.1)),
    (DctSparsity(kept=(3000,)),),
    (LinearBottleneck(base_width=2),),
    (RandomHyperplane(dimension=50, projection="sparse"),),
    (RandomHyperplane(dimension=50, projection="fastfood"),),
]


@pytest.mark.parametrize(
    "weights", [(), (StaticSparsity(base_width=8),), (IterativePruning(base_width=8, first_epoch=0, epochs=1),)]
)
def test_scenes_parameters_weights_on_disk_and_operations(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path, weights: tuple[Scheme, ...]
) -> None:
    weights = tuple(scheme.resolved(3, 0) for scheme in weights)
    run = replace(scene_run, network=replace(scene_run.network, width=16), weights=weights)
    cost = run_cost(run, Examples.of(run, prepared))
    folder = train(run, prepared, tmp_path, Machine())
    complexity = json.loads(folder.result_file.read_text())["complexity"]
    # Three epochs leave a few weights and biases at the zero that they start from.
    assert 0.95 * cost.parameters < complexity["nonzero_parameters"] <= cost.parameters
    # Beside the weights stand a header, the bands' statistics, and no positions of layers that keep everything.
    assert cost.weight_bytes == pytest.approx(folder.weights_file.stat().st_size, rel=0.15)
    # Three passes over the training clips and one over the test clips in each of three epochs, all of which are last
    # epochs, after which the training clips are tested too.
    assert cost.macs == complexity["macs"] * (3 * 18 + 18 + 18) * 3


@pytest.mark.parametrize("weights", SCHEMES, ids=lambda weights: "-".join(scheme.kind for scheme in weights) or "dense")
def test_trained_parameters_and_final_weights_are_those_of_the_network(
    image_run: Run, weights: tuple[Scheme, ...]
) -> None:
    run = replace(image_run, network=RESNET, weights=weights)
    network = build_network(run)
    assert trained_parameters(weights, RESNET) == sum(p.numel() for p in network.parameters() if p.requires_grad)
    state = {tensor.data_ptr(): tensor for tensor in network.state_dict().values()}.values()
    found = run_cost(run, Examples(shape=(3, 8, 8), parts=dict.fromkeys(("train", "validation", "test"), 1)))
    assert found.weight_bytes == pytest.approx(sum(t.numel() * t.element_size() for t in state), rel=1e-6)


def test_counts_of_a_network(image_run: Run) -> None:
    counts = network_counts(image_run.network)
    assert counts.shapes == {"hidden": (6, 48), "classifier": (10, 6)}
    assert (counts.weights, counts.others, counts.parameters, counts.buffer_bytes) == (348, 16, 364, 0)
    # torchvision's, as the companion papers count it.
    assert (
        network_counts(network_settings("resnet18", width=64, classes=1000, stem="imagenet")).parameters == 11_689_512
    )


@pytest.mark.parametrize("keep", ["last", "best-train"])
def test_operations_are_those_of_a_training(image_run: Run, tmp_path: Path, few_images: LabelledSet, keep: Any) -> None:
    run = replace(image_run, training=replace(image_run.training, keep=keep))
    with FlopCounterMode(display=False) as counter:
        train(run, tmp_path, tmp_path / "runs", Machine())
    # Nothing asks for the gradient of the inputs; that of the first layer is counted beforehand all the same.
    spared = 12 * 39 * 48 * 6
    fitting = 348  # one example, to see whether inputs fit the network
    assert run_cost(run, Examples.of(run, few_images)).macs == counter.get_total_flops() / 2 + spared - fitting


@pytest.mark.parametrize(
    "augmentation",
    [
        AugmentationSettings(),
        AugmentationSettings(crop="random", side=3, padding=1),
        AugmentationSettings(side=2, resize=6),
    ],
)
def test_examples_are_those_that_batches_have(
    image_run: Run, few_images: LabelledSet, augmentation: AugmentationSettings
) -> None:
    run = replace(image_run, data=replace(image_run.data, augmentation=augmentation))
    examples, task = Examples.of(run, few_images), ImageTask(run, few_images, torch.device("cpu"))
    assert dict(examples.parts) == {"train": 39, "validation": 11, "test": 13}
    for part, count in examples.parts.items():
        assert count == task.size(part)
    assert next(task.batches(0)).inputs.shape[1:] == examples.shape


def test_a_teachers_vectors_stay_as_they_are(image_run: Run) -> None:
    generator = np.random.default_rng(0)
    parts = [Part(generator.standard_normal((n, 5)).astype(np.float32), np.arange(n) % 2) for n in (9, 8, 7)]
    run = replace(image_run, data=ImageData(name="teacher", identity="", teacher=TeacherSettings(inputs=5)))
    examples = Examples.of(run, LabelledSet.of("teacher", ("0", "1"), *parts))
    assert examples == Examples(shape=(5,), parts={"train": 9, "validation": 7, "test": 8})


def test_a_stack_computes_only_with_the_weights_it_keeps(image_run: Run, few_images: LabelledSet) -> None:
    examples = Examples.of(image_run, few_images)
    alone = replace(image_run, weights=(StaticSparsity(kept=(100,)),))
    stacked = replace(alone, training=replace(alone.training, momentum=0.0))
    assert run_cost(stacked, examples).macs / run_cost(alone, examples).macs == pytest.approx(100 / 348)


def test_clips_of_training_and_testing_are_counted(prepared: PreparedSet, scene_run: Run) -> None:
    examples = Examples.of(scene_run, prepared)
    assert (examples.shape[0], dict(examples.parts)) == (1, {"train": 18, "test": 18})
    # Three epochs, and the training clips tested after each of the last ten.
    assert examples.tested(scene_run) == 3 * (18 + 18)
    longer = replace(scene_run, training=replace(scene_run.training, epochs=20))
    assert examples.tested(longer) == 20 * 18 + 10 * 18


def test_parts_of_images_are_tested_after_every_epoch_or_once(image_run: Run, few_images: LabelledSet) -> None:
    examples = Examples.of(image_run, few_images)
    assert examples.tested(image_run) == 12 * 13 + 39 + 11
    kept = replace(image_run, training=replace(image_run.training, keep="best-validation"))
    assert examples.tested(kept) == 12 * (13 + 11) + 39
