"""Digits as Figure 7 uses them: pixels standardised one by one, and 0 where a pixel is constant."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from common.errors import ConfigError
from data_prep.images.sets import LabelledSet
from evaluation.kernels.pairs import Floats, Pairs

Normalisation = Literal["per_thousand", "training_set", "training_sample"]

_BATCH, _SAMPLE = 1000, 2048


def _standardised(digits: Floats, over: Floats) -> Floats:
    spread = over.std(axis=0)
    centred = digits - over.mean(axis=0)
    return np.asarray(np.divide(centred, spread, out=np.zeros_like(digits), where=spread > 0))


def normalised_digits(test: NDArray[np.uint8], training: NDArray[np.uint8], normalisation: Normalisation) -> Floats:
    """Return the test digits normalised pixel by pixel, (example, pixel).

    Parameters
    ----------
    test, training
        Images (example, channel, row, column).
    normalisation
        `per_thousand`: over each thousand test digits, as the authors' code evaluates; `training_set`: over all
        training digits; `training_sample`: over the first 2048 of them, as many as Figure 7's networks are trained on.
    """
    digits, over = (images.reshape(len(images), -1).astype(np.float64) for images in (test, training))
    if normalisation == "per_thousand":
        batches = [digits[start : start + _BATCH] for start in range(0, len(digits), _BATCH)]
        return np.concatenate([_standardised(batch, batch) for batch in batches])
    return _standardised(digits, over if normalisation == "training_set" else over[:_SAMPLE])


def different_pairs(digits: Floats, count: int, seed: int) -> Pairs:
    """Draw pairs of two different digits; none is in more than two of them.

    Raises
    ------
    ConfigError
        If there are more pairs than digits.
    """
    if not 1 <= count <= len(digits):
        raise ConfigError("pairs", count, f"from 1 to the {len(digits)} digits that there are")
    order = np.random.default_rng(seed).permutation(len(digits))
    return Pairs(digits[order[:count]], digits[np.roll(order, 1)[:count]])


def digit_pairs(digits: LabelledSet, normalisation: Normalisation, count: int, seed: int) -> Pairs:
    """Draw pairs of different test digits of MNIST, normalised pixel by pixel."""
    test, training = (part.inputs[np.arange(len(part.inputs))] for part in (digits.test, digits.train))
    return different_pairs(normalised_digits(test, training, normalisation), count, seed)
