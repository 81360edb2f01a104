"""A few digits to measure kernels on, and the quickest of draws."""

import numpy as np

from data_prep.images.sets import LabelledSet, Part
from recipes.golubeva2021.kernel_distances import SampleSizes

QUICK = SampleSizes(pairs=20, networks=3, masks=200)


def few_digits(test: int = 60, training: int = 80) -> LabelledSet:
    """Images like digits: ink is rare, and the first row never has any."""
    generator = np.random.default_rng(0)

    def part(count: int) -> Part:
        ink = generator.integers(0, 256, size=(count, 1, 28, 28)) * (generator.random((count, 1, 28, 28)) < 0.2)
        ink[:, :, 0] = 0
        return Part(ink.astype(np.uint8), np.arange(count) % 10)

    return LabelledSet.of("mnist", tuple("0123456789"), part(training), part(test))
