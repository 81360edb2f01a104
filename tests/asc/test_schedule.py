"""The learning rate against the values that the paper's text gives."""

import math

import pytest

from asc.description import TrainingSettings
from asc.schedule import learning_rate


@pytest.mark.parametrize(("epoch", "rate"), [(0, 8.62e-7), (20, 1e-4), (249, 1e-6)])
def test_the_papers_schedule(epoch: int, rate: float) -> None:
    assert learning_rate(epoch, TrainingSettings()) == pytest.approx(rate, rel=1e-3)


def test_the_long_schedule_ends_at_the_final_rate() -> None:
    assert learning_rate(349, TrainingSettings(epochs=350)) == pytest.approx(1e-6)


@pytest.mark.parametrize("epochs", [1, 2, 4, 5, 10, 40, 250])
def test_rises_to_the_maximum_then_falls(epochs: int) -> None:
    settings = TrainingSettings(epochs=epochs)
    rates = [learning_rate(epoch, settings) for epoch in range(epochs)]
    warmup = min(20, epochs // 5)
    assert rates[warmup] == settings.learning_rate == max(rates)
    assert rates[: warmup + 1] == sorted(rates[: warmup + 1])
    assert rates[warmup:] == sorted(rates[warmup:], reverse=True)
    assert all(math.isfinite(rate) and rate > 0 for rate in rates)
