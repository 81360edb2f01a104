"""The learning rate of each epoch (Koutini 2021, App. A.3)."""

import math

from asc.description import TrainingSettings


def warmup_of(settings: TrainingSettings) -> int:
    """Return in how many epochs the rate warms up: a fifth of a short run's."""
    return min(settings.warmup_epochs, settings.epochs // 5)


def learning_rate(epoch: int, settings: TrainingSettings) -> float:
    """Return the rate of epoch 0, 1, ...: exponential warm-up, then a straight line to the final rate.

    The warm-up factor is exp(-5 (1 - max(e, 0.5) / w)^2) over w epochs, see `warmup_of`; the last epoch has exactly the
    final rate.
    """
    warmup = warmup_of(settings)
    if epoch < warmup:
        return settings.learning_rate * math.exp(-5 * (1 - max(epoch, 0.5) / warmup) ** 2)
    done = (epoch - warmup) / max(settings.epochs - 1 - warmup, 1)
    return settings.learning_rate + (settings.final_learning_rate - settings.learning_rate) * done
