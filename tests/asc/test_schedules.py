"""Learning rates against the values that the audio paper's text gives, and against torch's schedulers."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from asc.presets import image_training
from asc.schedules import learning_rate, warmup_of
from asc.training_settings import TrainingSettings


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
    assert warmup_of(settings) == warmup
    assert rates[warmup] == settings.learning_rate == max(rates)
    assert rates[: warmup + 1] == sorted(rates[: warmup + 1])
    assert rates[warmup:] == sorted(rates[warmup:], reverse=True)
    assert all(math.isfinite(rate) and rate > 0 for rate in rates)


@pytest.mark.parametrize(
    ("training", "scheduler"),
    [
        (image_training(schedule="constant"), lambda o: torch.optim.lr_scheduler.ConstantLR(o, 1.0)),
        (
            image_training(schedule="steps", milestones=(3, 5), factor=0.1),
            lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [3, 5], 0.1),
        ),
        (
            image_training(schedule="exponential", factor=0.95),
            lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.95),
        ),
        (image_training(schedule="cosine", epochs=8), lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 8)),
    ],
)
def test_learning_rates_are_those_of_torchs_schedulers(
    training: TrainingSettings, scheduler: Callable[[Any], Any]
) -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=training.learning_rate)
    reference = scheduler(optimizer)
    for epoch in range(8):
        assert learning_rate(epoch, training) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        reference.step()
