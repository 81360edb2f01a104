"""Presets: what the paper did, to the letter, and what two cores can do in minutes."""

from collections.abc import Callable

from asc.description import TrainingSettings


def paper() -> TrainingSettings:
    """Return the hyper-parameters of Koutini 2021, App. A.2 and A.3."""
    return TrainingSettings()


def demo() -> TrainingSettings:
    """Return a short schedule for small sets: fewer epochs at a higher rate, and rolled frames for rolled waveforms."""
    return TrainingSettings(epochs=50, batch_size=16, learning_rate=2e-3, final_learning_rate=2e-5, roll="frames")


PRESETS: dict[str, Callable[[], TrainingSettings]] = {"demo": demo, "paper": paper}
