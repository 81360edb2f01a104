"""Small image sets in memory, and a run on them."""

import numpy as np

from asc.presets import image_training
from asc.run import ImageData, Run
from data_prep.images.sets import LabelledSet, Part
from data_prep.images.splits import ImageSplitSettings
from models.vision.mlp import MlpSettings
from tests.conftest import TEST_PRECISION, TEST_SEED

CLASSES = 4


def make_part(count: int, seed: int, shape: tuple[int, ...] = (1, 6, 6)) -> Part:
    """Images with a bright row that tells their class, in noise that hides it a little."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(CLASSES, size=count)
    images = generator.integers(0, 120, (count, *shape))
    images[np.arange(count), :, labels] += 80
    return Part(images.astype(np.uint8), labels.astype(np.int64))


def make_set(name: str = "mnist", shape: tuple[int, ...] = (1, 6, 6)) -> LabelledSet:
    classes = tuple("abcd")
    return LabelledSet.of(name, classes, make_part(120, 0, shape), make_part(60, 1, shape))


def perceptron_run(identity: str) -> Run:
    """Return four epochs of a perceptron on the digits of this identity, by SGD with momentum."""
    training = image_training(epochs=4, batch_size=30, learning_rate=0.1, momentum=0.9, precision=TEST_PRECISION)
    return Run(
        data=ImageData(name="mnist", identity=identity, split=ImageSplitSettings(validation=20)),
        network=MlpSettings(width=6, classes=CLASSES, inputs=36),
        training=training,
        preset="tiny",
        seed=TEST_SEED,
    )
