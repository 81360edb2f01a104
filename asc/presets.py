"""Presets: the published hyper-parameters, and what two cores can do in minutes."""

from collections.abc import Callable, Mapping
from typing import Any

from asc.augmentations.mixup import Mixup
from asc.augmentations.rolling import RolledFrames
from asc.training_settings import TrainingSettings


def paper() -> TrainingSettings:
    """Return the hyper-parameters of Koutini 2021, App. A.2 and A.3."""
    return TrainingSettings()


def demo() -> TrainingSettings:
    """Return a short schedule for small sets: fewer epochs at a higher rate, rolled frames in place of waveforms."""
    return TrainingSettings(
        epochs=50,
        batch_size=16,
        learning_rate=2e-3,
        final_learning_rate=2e-5,
        augmentations=(RolledFrames(), Mixup()),
    )


def image_training(**given: Any) -> TrainingSettings:
    """Return stochastic gradient descent at a constant rate without batch augmentations, and what is given."""
    usual: dict[str, Any] = {
        "epochs": 200,
        "batch_size": 128,
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "schedule": "constant",
        "augmentations": (),
    }
    return TrainingSettings(**usual | given)


def image_demo() -> TrainingSettings:
    """Return a few epochs of SGD with momentum for small sets of images."""
    return image_training(epochs=10, batch_size=32, momentum=0.9, schedule="cosine", learning_rate=0.03)


PRESETS: Mapping[str, Callable[[], TrainingSettings]] = {"demo": demo, "paper": paper}
IMAGE_PRESETS: Mapping[str, Callable[[], TrainingSettings]] = {"demo": image_demo, "paper": image_training}
