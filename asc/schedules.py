"""Learning-rate schedules: the learning rate of each epoch."""

import math

from asc.training_settings import TrainingSettings


def warmup_of(settings: TrainingSettings) -> int:
    """Return the number of warm-up epochs, at most a fifth of the run's epochs."""
    return min(settings.warmup_epochs, settings.epochs // 5)


def learning_rate(epoch: int, settings: TrainingSettings) -> float:
    """Return the learning rate of epoch 0, 1, ..., constant within an epoch.

    `warmup-linear` (Koutini 2021, App. A.3): the factor is exp(-5 (1 - max(e, 0.5) / w)^2) over w epochs of warm-up;
    then the rate falls linearly, and the last epoch has exactly the final rate.

    Examples
    --------
    >>> learning_rate(1, TrainingSettings(schedule="exponential", factor=0.5, learning_rate=0.1))
    0.05
    """
    rate = settings.learning_rate
    if settings.schedule == "warmup-linear":
        return _warmup_linear(epoch, settings)
    if settings.schedule == "steps":
        return rate * settings.factor ** sum(epoch >= milestone for milestone in settings.milestones)
    if settings.schedule == "exponential":
        return rate * settings.factor**epoch
    if settings.schedule == "cosine":
        return rate * (1 + math.cos(math.pi * epoch / settings.epochs)) / 2
    return rate


def _warmup_linear(epoch: int, settings: TrainingSettings) -> float:
    warmup = warmup_of(settings)
    if epoch < warmup:
        return settings.learning_rate * math.exp(-5 * (1 - max(epoch, 0.5) / warmup) ** 2)
    done = (epoch - warmup) / max(settings.epochs - 1 - warmup, 1)
    return settings.learning_rate + (settings.final_learning_rate - settings.learning_rate) * done
