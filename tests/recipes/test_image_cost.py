"""What runs on images cost, counted beforehand, is what it turns out to be; times are that, at a pace measured."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from asc.images.batches import ImageBatches
from asc.images.description import ImageData, ImageNetwork, ImageRun, ImageWeights, Learning
from asc.images.networks import build_network
from asc.images.training import train_images
from data_prep.images.augmentation import AugmentationSettings
from data_prep.images.sets import LabelledSet, Part
from data_prep.images.splits import ImageSplitSettings
from data_prep.teacher import TeacherSettings
from recipes import image_paces, image_times, pruning_times
from recipes.image_cost import Examples, counts_of, image_cost, trained_parameters
from recipes.image_paces import Pace, measured_pace
from recipes.image_times import ImageTimes
from recipes.trials import Beside

MLP = ImageNetwork.of("mlp", width=6, classes=10, inputs=48)
RESNET = ImageNetwork.of("resnet18", width=4, classes=10)
SCHEMES: list[dict[str, Any]] = [
    {},
    {"scheme": "sparse", "kept": (3000,), "allocation": "uniform"},
    {"scheme": "sparse", "kept": tuple(range(1, 22))},
    {"scheme": "dct", "kept": (3000,)},
    {"scheme": "bottleneck", "base_width": 2},
    {"scheme": "hyperplane-sparse", "dimension": 50},
    {"scheme": "hyperplane-fastfood", "dimension": 50},
]


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> LabelledSet:
    """Put a few small images where the published ones are read."""
    generator = np.random.default_rng(0)

    def part(count: int) -> Part:
        return Part(generator.integers(0, 256, (count, 3, 4, 4)).astype(np.uint8), np.arange(count) % 10)

    found = LabelledSet.of("cifar10", tuple("0123456789"), part(50), part(13))
    monkeypatch.setattr("asc.images.batches.load", lambda _name, _folder, **_how: found)
    return found


@pytest.fixture
def run(images: LabelledSet) -> ImageRun:
    return ImageRun(
        data=ImageData(name="cifar10", identity=images.identity, split=ImageSplitSettings(validation=11)),
        network=MLP,
        weights=ImageWeights(),
        training=Learning(epochs=12, batch_size=8, learning_rate=0.1, momentum=0.9),
        preset="tiny",
    )


@pytest.mark.parametrize("scheme", SCHEMES)
def test_trained_parameters_and_final_weights_are_those_of_the_network(run: ImageRun, scheme: dict[str, Any]) -> None:
    run = replace(run, network=RESNET, weights=ImageWeights(**scheme))
    network = build_network(run)
    assert trained_parameters(run) == sum(p.numel() for p in network.parameters() if p.requires_grad)
    state = {tensor.data_ptr(): tensor for tensor in network.state_dict().values()}.values()
    found = image_cost(run, Examples(shape=(3, 8, 8), parts=dict.fromkeys(("train", "validation", "test"), 1)))
    assert found.weight_bytes == pytest.approx(sum(t.numel() * t.element_size() for t in state), rel=1e-6)


def test_counts_of_a_network() -> None:
    counts = counts_of(MLP)
    assert counts.shapes == {"hidden": (6, 48), "classifier": (10, 6)}
    assert (counts.weights, counts.others, counts.parameters, counts.buffer_bytes) == (348, 16, 364, 0)
    # torchvision's, as the companion papers count it.
    assert counts_of(ImageNetwork.of("resnet18", width=64, classes=1000, stem="imagenet")).parameters == 11_689_512


@pytest.mark.parametrize("keep", ["last", "best-train"])
def test_operations_are_those_of_a_training(run: ImageRun, tmp_path: Path, images: LabelledSet, keep: Any) -> None:
    run = replace(run, training=replace(run.training, keep=keep))
    with FlopCounterMode(display=False) as counter:
        train_images(run, tmp_path, tmp_path / "runs", "cpu")
    # Nothing asks for the gradient of the inputs; that of the first layer is counted beforehand all the same.
    spared = 12 * 39 * 48 * 6
    assert image_cost(run, Examples.of(run.data, images)).macs == counter.get_total_flops() / 2 + spared


@pytest.mark.parametrize(
    "augmentation",
    [
        AugmentationSettings(),
        AugmentationSettings(crop="random", side=3, padding=1),
        AugmentationSettings(side=2, resize=6),
    ],
)
def test_examples_are_those_that_batches_have(
    run: ImageRun, images: LabelledSet, augmentation: AugmentationSettings
) -> None:
    run = replace(run, data=replace(run.data, augmentation=augmentation))
    examples, batches = Examples.of(run.data, images), ImageBatches(run, images, torch.device("cpu"))
    assert dict(examples.parts) == {"train": 39, "validation": 11, "test": 13}
    for part, count in examples.parts.items():
        assert count == batches.size(part)
    assert next(batches.epoch(0))[0].shape[1:] == examples.shape


def test_a_teachers_vectors_stay_as_they_are() -> None:
    generator = np.random.default_rng(0)
    parts = [Part(generator.standard_normal((n, 5)).astype(np.float32), np.arange(n) % 2) for n in (9, 8, 7)]
    data = ImageData(name="teacher", identity="", teacher=TeacherSettings(inputs=5))
    examples = Examples.of(data, LabelledSet.of("teacher", ("0", "1"), *parts))
    assert examples == Examples(shape=(5,), parts={"train": 9, "validation": 7, "test": 8})


def test_a_stack_computes_only_with_the_weights_it_keeps(run: ImageRun, images: LabelledSet) -> None:
    examples = Examples.of(run.data, images)
    alone = replace(run, weights=ImageWeights(scheme="sparse", kept=(100,)))
    stacked = replace(alone, training=replace(run.training, momentum=0.0))
    assert image_cost(stacked, examples).macs / image_cost(alone, examples).macs == pytest.approx(100 / 348)


def timed(runs: Sequence[ImageRun], images: LabelledSet) -> dict[ImageRun, float]:
    return ImageTimes({run.data: Examples.of(run.data, images) for run in runs}, Path(), "cpu").of(runs)


@pytest.fixture
def steps_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs take nothing beside their steps."""
    monkeypatch.setattr(image_times, "beside_steps", lambda runs, *_: [Beside(0.0, 0.0)] * len(runs))


def test_times_are_of_steps_and_operations(
    run: ImageRun, images: LabelledSet, monkeypatch: pytest.MonkeyPatch, steps_alone: None
) -> None:
    monkeypatch.setattr(image_times, "measured_pace", lambda *_: Pace(step=2.0, mac=0.5))
    cost = image_cost(run, Examples.of(run.data, images))
    assert timed([run], images) == {run: 12 * 5 * 2 + cost.macs / 2}
    # What learns together takes each step once.
    plain = replace(run, training=replace(run.training, momentum=0.0))
    both = [plain, replace(plain, network=ImageNetwork.of("mlp", width=12, classes=10, inputs=48))]
    macs = sum(image_cost(one, Examples.of(run.data, images)).macs for one in both)
    assert set(timed(both, images).values()) == {(12 * 5 * 2 + macs / 2) / 2}


def test_each_run_of_a_stack_starts_and_ends_and_they_share_its_epochs(
    run: ImageRun, images: LabelledSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_times, "measured_pace", lambda *_: Pace(step=0.0, mac=0.0))
    # A trial is of at most eight runs.
    monkeypatch.setattr(image_times, "beside_steps", lambda runs, *_: [Beside(3.0 * len(runs[0][0].runs), 5.0)])
    plain = replace(run, training=replace(run.training, momentum=0.0))
    several = [replace(plain, training=replace(plain.training, learning_rate=0.1 * n)) for n in range(1, 21)]
    assert list(timed(several, images).values()) == pytest.approx([3 + 12 * 5 / 20] * 20)


@pytest.mark.parametrize(
    ("weights", "passes"),
    [
        ({"pruning": "snip", "examples": 30}, 30),
        ({"pruning": "force", "examples": 500}, 60 * 39),
        ({"pruning": "iter_snip", "examples": 20, "iterations": 7}, 7 * 20),
        ({"pruning": "synflow"}, 100),
        ({"pruning": "magnitude"}, 0),
        ({}, 0),
    ],
)
def test_pruning_takes_its_passes(
    run: ImageRun, images: LabelledSet, monkeypatch: pytest.MonkeyPatch, weights: dict[str, Any], passes: int
) -> None:
    monkeypatch.setattr(pruning_times, "measured_pace", lambda *_: Pace(step=0.0, mac=1.0))
    pruned = replace(run, weights=ImageWeights(scheme="sparse", kept=(100,), **weights))
    found = pruning_times.pruning_times([pruned], {run.data: Examples.of(run.data, images)})
    assert found.get(pruned, 0.0) == passes * 3 * 348  # weights, forwards and twice back


def test_each_network_is_measured_once_unless_it_is_large(
    run: ImageRun, images: LabelledSet, monkeypatch: pytest.MonkeyPatch, steps_alone: None
) -> None:
    measured: list[tuple[int, str]] = []

    def pace(runs: Sequence[ImageRun], *_: Any) -> Pace:
        measured.append((runs[0].network.width, runs[0].weights.scheme))
        return Pace(step=float(runs[0].network.width), mac=0.0)

    monkeypatch.setattr(image_times, "measured_pace", pace)
    assert timed([], images) == {}
    wide, narrow, middling = (replace(run, network=ImageNetwork.of("resnet18", width=w)) for w in (16, 2, 4))
    sparse = [replace(middling, weights=ImageWeights(scheme="sparse", kept=(n,))) for n in (100, 1000)]
    runs = [wide, narrow, middling, replace(middling, seed=1), *sparse]
    assert list(timed(runs, images).values()) == [60.0 * width for width in (16, 2, 4, 4, 4, 4)]
    assert sorted(measured) == [(2, "dense"), (4, "dense"), (4, "sparse"), (16, "dense")]
    # A wide one goes at the pace of the widest that is quick, and where none is, all at the narrowest's.
    for limit, pace_of_wide, count in ((1e6, 4, 3), (1, 2, 2)):
        measured.clear()
        monkeypatch.setitem(image_paces._QUICK, "cpu", limit)
        assert timed(runs, images)[wide] == 60.0 * pace_of_wide
        assert len(measured) == count


@pytest.mark.parametrize(
    "weights",
    [
        ImageWeights(),
        ImageWeights(scheme="sparse", kept=(100,), pruning="synflow"),
        ImageWeights(scheme="hyperplane-fastfood", dimension=3),
    ],
)
def test_a_pace_is_measured_whatever_the_scheme(run: ImageRun, weights: ImageWeights) -> None:
    run = replace(run, network=RESNET, weights=weights)
    pace = measured_pace([run], (3, 8, 8), "cpu")
    assert pace.step + pace.mac > 0


def test_a_stack_has_a_pace(run: ImageRun) -> None:
    plain = replace(run, training=replace(run.training, momentum=0.0))
    pace = measured_pace([plain, replace(plain, weights=ImageWeights(scheme="sparse", kept=(50,)))], (48,), "cpu")
    assert pace.step + pace.mac > 0
