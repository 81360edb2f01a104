"""Batch plans: laws of order, mixup and rolling, and that sharing a batch changes nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from asc.description import TrainingSettings
from asc.plan import epoch_order, plan_batch, steps_per_epoch

SETTINGS = TrainingSettings(batch_size=8)


@given(clips=st.integers(8, 60), seed=st.integers(0, 5), epoch=st.integers(0, 5))
def test_an_epoch_visits_no_clip_twice(clips: int, seed: int, epoch: int) -> None:
    order = epoch_order(clips, seed, epoch)
    steps = steps_per_epoch(clips, SETTINGS)
    visited = [plan_batch(SETTINGS, order, seed, epoch, step).clips for step in range(steps)]
    assert len(set(np.concatenate(visited))) == steps * 8 > clips - 8


def test_orders_differ_by_seed_and_epoch_and_nothing_else() -> None:
    keys = [(seed, epoch) for seed in range(3) for epoch in range(3)]
    orders = {key: tuple(epoch_order(50, *key)) for key in keys}
    assert len(set(orders.values())) == len(keys)
    assert orders[1, 2] == tuple(epoch_order(50, 1, 2))


@given(step=st.integers(0, 3), world=st.sampled_from([2, 4, 8]), alpha=st.sampled_from([0.0, 0.3]))
def test_processes_together_do_what_one_does(step: int, world: int, alpha: float) -> None:
    alone = replace(SETTINGS, mixup_alpha=alpha)
    shared = replace(alone, world_size=world)
    order = epoch_order(32, 0, 0)
    whole = plan_batch(alone, order, 0, 0, step)
    expected = list(zip(whole.clips[whole.first], whole.clips[whole.second], whole.weight, strict=True))
    shifts = dict(zip(whole.clips, whole.shift, strict=True))
    together = []
    for rank in range(world):
        part = plan_batch(shared, order, 0, 0, step, rank)
        together += zip(part.clips[part.first], part.clips[part.second], part.weight, strict=True)
        assert all(shifts[clip] == shift for clip, shift in zip(part.clips, part.shift, strict=True))
    assert together == expected


def test_mixup_weights_follow_the_folded_beta() -> None:
    order = epoch_order(8, 0, 0)
    weights = np.concatenate([plan_batch(SETTINGS, order, 0, epoch, 0).weight for epoch in range(500)])
    assert weights.min() >= 0.5

    def folded(x: np.ndarray) -> np.ndarray:
        return stats.beta.cdf(x, 0.3, 0.3) - stats.beta.cdf(1 - x, 0.3, 0.3)

    assert stats.kstest(weights, folded).pvalue > 1e-3


def test_every_clip_is_mixed_once_as_first_and_once_as_second() -> None:
    plan = plan_batch(SETTINGS, epoch_order(8, 0, 0), 0, 0, 0)
    assert sorted(plan.first) == sorted(plan.second) == list(range(8))


def test_no_mixup_at_alpha_zero() -> None:
    plan = plan_batch(replace(SETTINGS, mixup_alpha=0), epoch_order(8, 0, 0), 0, 0, 0)
    assert (plan.weight == 1).all()


@pytest.mark.parametrize(("roll", "reach"), [("waveform", 4000), ("frames", 8), ("none", 0)])
def test_shifts_are_uniform_to_either_side(roll: str, reach: int) -> None:
    settings = replace(SETTINGS, roll=roll)
    order = epoch_order(8, 0, 0)
    shifts = np.concatenate([plan_batch(settings, order, 0, epoch, 0).shift for epoch in range(400)])
    assert abs(shifts).max() <= reach
    if reach:
        cells = np.histogram(shifts, bins=17, range=(-reach - 0.5, reach + 0.5))[0]
        assert stats.chisquare(cells).pvalue > 1e-3
