"""Points of figures on acoustic scenes: their runs, and what options make of them on a prepared set."""

from dataclasses import replace
from typing import Any

import pytest

from asc.augmentations.mixup import Mixup
from asc.augmentations.rolling import RolledFrames, RolledWaveforms
from asc.presets import PRESETS, image_training
from asc.run import SceneData
from data_prep.storage import PreparedSet
from models.audio.resnet import AudioResNetSettings
from models.initialisation import Start
from models.weights.damping import Damping
from models.weights.iterative import IterativePruning
from models.weights.sparse import StaticSparsity
from recipes.points import (
    BASE,
    DAMPED,
    DAMPING,
    Point,
    Preset,
    Roll,
    SceneChanges,
    both_networks,
    describe_point,
    lasting,
    rolled,
    scene_run,
    sizes_of,
)

STATIC = StaticSparsity(base_width=2)


@pytest.mark.parametrize("preset", ["demo", "paper"])
def test_a_run_is_that_of_its_preset(preset: Preset) -> None:
    run = scene_run(preset, width=4, depth=2)
    assert run.training == PRESETS[preset]()
    assert (run.network, run.start) == (AudioResNetSettings(width=4, depth=2), Start(init="fixup"))
    assert (run.data.name, run.data.identity, run.weights, run.preset) == ("", "", (), preset)
    changed = scene_run(preset, labels="random", augmented=False, epochs=7, weights=[DAMPING, STATIC])
    assert changed.training == replace(PRESETS[preset](), epochs=7, augmentations=())
    assert (changed.data.labels, changed.weights) == ("random", (STATIC, DAMPING))


def test_a_size_is_a_base_and_a_damped_network() -> None:
    base, damped = both_networks("demo", width=4, weights=(STATIC,))
    assert (base.series, base.run.weights, base.run.damped) == (BASE, (STATIC,), False)
    assert (damped.series, damped.run.weights, damped.run.damped) == (DAMPED, (STATIC, Damping(edge=0.1)), True)
    sizes = {"width": 4, "depth": 1, "pointwise_depth": 1}
    assert [sizes_of(point.run) for point in (base, damped)] == [sizes | {"damping": None}, sizes | {"damping": 0.1}]


def test_milestones_stay_at_the_same_shares_of_other_epochs() -> None:
    training = image_training(epochs=200, schedule="steps", milestones=(120, 160))
    assert lasting(training, 50).milestones == (30, 40)
    assert lasting(training, None) is training


@pytest.mark.parametrize(
    ("roll", "expected"),
    [
        ("waveform", (RolledWaveforms(), Mixup())),
        ("frames", (RolledFrames(), Mixup())),
        ("none", (Mixup(),)),
        (None, (RolledFrames(), Mixup())),
    ],
)
def test_clips_are_rolled_in_another_way_where_they_are_rolled(roll: Roll | None, expected: tuple[Any, ...]) -> None:
    training = PRESETS["demo"]()
    assert rolled(training, roll).augmentations == expected
    plain = replace(training, augmentations=())
    assert rolled(plain, roll) == plain


def test_a_point_is_described_on_the_set_found(prepared: PreparedSet) -> None:
    point = Point(series="", run=scene_run("demo", labels="random", width=4, weights=[IterativePruning(base_width=2)]))
    runs = describe_point(point, prepared, 3, SceneChanges(epochs=21, roll="none", devices=2, precision="32-true"))
    assert [run.seed for run in runs] == [0, 1, 2]
    assert len({run.identity for run in runs}) == 1
    run = runs[0]
    assert isinstance(run.data, SceneData)
    assert (run.data.identity, run.data.labels) == (prepared.identity, "random")
    assert run.data.split == prepared.split_defaults
    assert (run.data.features, run.network.classes) == (prepared.features, len(prepared.scenes))
    training = run.training
    assert (training.epochs, training.world_size, training.augmentations) == (21, 2, (Mixup(),))
    assert training.precision == "32-true"
    # In proportion to the epochs: after the warm-up of a fifth, in 4/7 of all.
    (scheme,) = run.weights
    assert isinstance(scheme, IterativePruning)
    assert (scheme.first_epoch, scheme.epochs, scheme.time_constant) == (4, 12, 3.0)


def test_a_point_without_changes_is_its_run(prepared: PreparedSet) -> None:
    (run,) = describe_point(Point(series="", run=scene_run("demo")), prepared, 1)
    assert replace(run.training, precision="32-true") == PRESETS["demo"]()
