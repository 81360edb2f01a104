"""Times told beforehand against what the same work takes."""

import time
from collections.abc import Callable, Sequence

import pytest

from data_prep import estimate
from data_prep.estimate import Pace, measure, spread

NAP = 0.05


def nap(_: int) -> None:
    time.sleep(NAP)


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_are_timed_together_and_their_start_apart(workers: int) -> None:
    pace = measure(nap, range(8), workers)
    assert NAP / workers <= 1.05 * pace.each < 4 * NAP / workers
    assert (pace.start > NAP) == (workers > 1)  # in this process nothing has to start


def test_more_workers_than_are_timed_work_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(100))

    def in_turn(_function: object, sample: Sequence[int], _workers: int, done: Callable[[int], None]) -> None:
        for item in sample:
            done(item)

    monkeypatch.setattr(estimate, "for_each", in_turn)
    monkeypatch.setattr(estimate.time, "perf_counter", lambda: float(next(clock)))  # a second between two looks
    assert measure(nap, range(4), 1) == Pace(start=0.0, each=1.0)
    assert measure(nap, range(4), 1_000) == Pace(start=0.0, each=4 / 1_000)


def test_a_sample_is_evenly_spread_and_nothing_takes_no_time() -> None:
    assert spread(range(9), 3) == [1, 4, 7]
    assert spread("ab", 5) == ["a", "b"]
    assert Pace(2.0, 0.5).seconds(0) == 0
    assert Pace(2.0, 0.5).seconds(4) == 4
