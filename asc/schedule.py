"""The learning rate of each epoch (Koutini 2021, App. A.3)."""

import math

from asc.description import TrainingSettings


def learning_rate(epoch: int, settings: TrainingSettings) -> float:
    """Return the rate of epoch 0, 1, ...: exponential warm-up, then a straight line to the final rate.

    The warm-up factor is exp(-5 (1 - max(e, 0.5) / w)^2) over w = min(warmup_epochs, epochs // 5) epochs; the last
    epoch has exactly the final rate.
    """
    warmup = min(settings.warmup_epochs, settings.epochs // 5)
    if epoch < warmup:
        return settings.learning_rate * math.exp(-5 * (1 - max(epoch, 0.5) / warmup) ** 2)
    done = (epoch - warmup) / max(settings.epochs - 1 - warmup, 1)
    return settings.learning_rate + (settings.final_learning_rate - settings.learning_rate) * done
