"""Estimated times of runs, from operation counts, measured speeds and the overhead of short runs."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asc.machine import Machine
from asc.run import Run
from asc.training import train
from data_prep.images.sets import LabelledSet
from data_prep.storage import PreparedSet
from models.registry import network_settings
from models.weights.damping import Damping
from models.weights.hyperplane import RandomHyperplane
from models.weights.pruned import PrunedAtStart
from models.weights.scheme import Scheme
from models.weights.sparse import StaticSparsity
from recipes import times
from recipes.cost import Examples
from recipes.times import Speed, Times, _Job
from recipes.trials import Beside, paces_of

RESNET = network_settings("resnet18", width=4, classes=10)


def times_on(runs: Sequence[Run], images: LabelledSet) -> Times:
    return Times({run.data: Examples.of(run, images) for run in runs}, Path(), "cpu")


def timed(runs: Sequence[Run], images: LabelledSet) -> dict[Run, float]:
    return times_on(runs, images).of(runs)


def plain(run: Run) -> Run:
    """Return the run without momentum, which is trained in a stack."""
    return replace(run, training=replace(run.training, momentum=0.0))


@pytest.fixture
def steps_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs take nothing beside their steps."""
    monkeypatch.setattr(times, "beside_steps", lambda runs, *_: [Beside(0.0, 0.0)] * len(runs))


def test_times_are_of_steps_and_tests(
    image_run: Run, few_images: LabelledSet, monkeypatch: pytest.MonkeyPatch, steps_alone: None
) -> None:
    monkeypatch.setattr(Times, "_speed", lambda *_: Speed(train=2.0, test=0.5))
    # 39 examples in 12 epochs, and the tests of 13 after each and of 39 + 11 at the end.
    examples = 2.0 * 12 * 39 + 0.5 * (12 * 13 + 39 + 11)
    assert timed([image_run], few_images) == {image_run: 348 * examples}
    # Runs that are trained together share the time of all.
    first = plain(image_run)
    both = [first, replace(first, network=replace(first.network, width=12))]
    assert set(timed(both, few_images).values()) == {(348 + 696) * examples / 2}


def test_each_run_of_a_stack_starts_and_ends_and_they_share_its_epochs(
    image_run: Run, few_images: LabelledSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Times, "_speed", lambda *_: Speed(train=0.0, test=0.0))
    # A trial is of at most eight runs.
    monkeypatch.setattr(times, "beside_steps", lambda runs, *_: [Beside(3.0 * len(runs[0][0].runs), 5.0)])
    first = plain(image_run)
    several = [replace(first, training=replace(first.training, learning_rate=0.1 * n)) for n in range(1, 21)]
    assert list(timed(several, few_images).values()) == pytest.approx([3 + 12 * 5 / 20] * 20)


@pytest.mark.parametrize(
    ("pruning", "passes"),
    [
        ({"method": "snip", "examples": 30}, 30),
        ({"method": "force", "examples": 500}, 60 * 39),
        ({"method": "iter_snip", "examples": 20, "iterations": 7}, 7 * 20),
        ({"method": "synflow"}, 100),
        ({"method": "magnitude"}, 0),
        ({}, 0),
    ],
)
def test_pruning_takes_its_passes(
    image_run: Run, few_images: LabelledSet, monkeypatch: pytest.MonkeyPatch, pruning: dict[str, Any], passes: int
) -> None:
    monkeypatch.setattr(Times, "_speed", lambda *_: Speed(train=3.0, test=0.0))
    weights = PrunedAtStart(kept=(100,), **pruning) if pruning else StaticSparsity(kept=(100,))
    pruned = replace(image_run, weights=(weights,))
    assert times_on([pruned], few_images)._scoring([pruned]).get(pruned, 0.0) == passes * 3 * 348


def test_each_network_is_measured_once_unless_it_is_large(
    image_run: Run, few_images: LabelledSet, monkeypatch: pytest.MonkeyPatch, steps_alone: None
) -> None:
    measured: list[tuple[int, str]] = []

    def speed(_: Times, job: _Job, accelerator: str) -> Speed:
        run = job.runs[0]
        measured.append((run.network.width, "-".join(scheme.kind for scheme in run.weights)))
        return Speed(train=float(run.network.width) / job.macs, test=0.0)

    monkeypatch.setattr(Times, "_speed", speed)
    assert timed([], few_images) == {}
    wide, narrow, middling = (
        replace(image_run, network=network_settings("resnet18", width=width)) for width in (16, 2, 4)
    )
    sparse = [replace(middling, weights=(StaticSparsity(kept=(n,)),)) for n in (100, 1000)]
    runs = [wide, narrow, middling, replace(middling, seed=1), *sparse]
    assert list(timed(runs, few_images).values()) == pytest.approx([12 * 39.0 * width for width in (16, 2, 4, 4, 4, 4)])
    assert sorted(measured) == [(2, ""), (4, ""), (4, "static"), (16, "")]
    # A wide one goes at the speed of the widest that is quick, and where none is, all at the narrowest's.
    macs = {run: _Job((run,), Examples.of(run, few_images)).macs for run in (wide, narrow, middling)}
    for limit, like, count in ((2 * 3 * macs[middling], middling, 3), (1, narrow, 2)):
        measured.clear()
        monkeypatch.setitem(times._QUICK, "cpu", limit)
        expected = 12 * 39 * like.network.width * macs[wide] / macs[like]
        assert timed(runs, few_images)[wide] == pytest.approx(expected)
        assert len(measured) == count


@pytest.mark.parametrize(
    "weights",
    [
        (),
        (PrunedAtStart(kept=(100,), method="synflow"),),
        (RandomHyperplane(dimension=3), Damping()),
    ],
    ids=["dense", "pruned", "hyperplane"],
)
def test_a_speed_is_measured_whatever_the_scheme(
    image_run: Run, few_images: LabelledSet, weights: tuple[Scheme, ...]
) -> None:
    run = replace(image_run, network=RESNET, weights=weights)
    speed = times_on([run], few_images)._speed(_Job((run,), Examples.of(run, few_images)), "cpu")
    assert speed.train > 0
    assert speed.test > 0


def test_a_stack_has_a_speed(image_run: Run, few_images: LabelledSet) -> None:
    first = plain(image_run)
    both = (first, replace(first, weights=(StaticSparsity(kept=(50,)),)))
    speed = times_on(both, few_images)._speed(_Job(both, Examples.of(first, few_images)), "cpu")
    assert speed.train > 0


def test_scenes_have_a_speed(prepared: PreparedSet, scene_run: Run) -> None:
    examples = Examples.of(scene_run, prepared)
    found = Times({scene_run.data: examples}, prepared, "cpu")._speed(_Job((scene_run,), examples), "cpu")
    assert found.train > found.test > 0


def test_what_is_too_large_has_the_pace_of_the_largest_before_it() -> None:
    measured: list[str] = []

    def measure(item: str) -> str:
        measured.append(item)
        return item

    found = paces_of(
        ["a1", "b1", "a3", "a3", "a8", "b9"],
        key=lambda item: item,
        kind=lambda item: item[0],
        quick=lambda item: int(item[1]) < 5,
        measure=measure,
    )
    assert found == ["a1", "b1", "a3", "a3", "a3", "b1"]
    assert measured == ["a1", "b1", "a3"]


@pytest.mark.slow
def test_a_run_takes_what_was_told(prepared: PreparedSet, scene_run: Run, tmp_path: Path) -> None:
    told = Times({scene_run.data: Examples.of(scene_run, prepared)}, prepared, "cpu").of([scene_run])[scene_run]
    begin = time.perf_counter()
    train(scene_run, prepared, tmp_path, Machine())
    assert told / 2 < time.perf_counter() - begin < 2 * told
