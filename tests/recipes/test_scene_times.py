"""Times of runs on acoustic scenes, told beforehand."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from asc.data import Sides
from asc.description import RunDescription
from asc.training import Machine, train
from data_prep.storage import PreparedSet
from recipes.cost import SetSize, run_cost
from recipes.scene_times import SceneTimes, Speed
from recipes.trials import paces_of
from tests.asc.conftest import description

__all__ = ["description"]


def times_on(prepared: PreparedSet, run: RunDescription) -> SceneTimes:
    macs = run_cost(run, SetSize.of(prepared, run)).macs_of_clip
    return SceneTimes(prepared, Sides.of(prepared, run), {run.network: macs}, "cpu")


def test_clips_of_training_and_testing_are_counted(prepared: PreparedSet, description: RunDescription) -> None:
    times = times_on(prepared, description)
    macs = times.macs[description.network]
    # 18 clips on either side, 3 epochs, and the training clips tested after each of the last ten.
    assert times._steps(description, Speed(train=1.0, test=0.0)) == macs * 3 * 18
    assert times._steps(description, Speed(train=0.0, test=1.0)) == macs * 3 * (18 + 18)
    longer = replace(description, training=replace(description.training, epochs=20))
    assert times._steps(longer, Speed(train=0.0, test=1.0)) == macs * (20 * 18 + 10 * 18)


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
def test_a_run_takes_what_was_told(prepared: PreparedSet, description: RunDescription, tmp_path: Path) -> None:
    told = times_on(prepared, description).of([description])[description.identity]
    begin = time.perf_counter()
    train(description, prepared, tmp_path, Machine())
    assert told / 2 < time.perf_counter() - begin < 2 * told
