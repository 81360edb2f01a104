"""Random input vectors labelled by a small random teacher network (Casper 2021, section 3)."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from common.errors import ConfigError

Part = Literal["train", "validation", "test"]

HIDDEN = 32  # a quarter of the hidden units of a student of size 1x
DEVIATION = 0.01  # standard deviation of weights before truncation at two of them; labels do not depend on it
SHARES = (0.4, 0.6)  # range of the share of inputs in class 1 for which a teacher is accepted
_DRAWS = 100_000
_ROWS = 1_000  # labelled at a time


@dataclass(frozen=True, kw_only=True)
class TeacherSettings:
    """Settings of a teacher network and its data.

    Parameters
    ----------
    inputs
        Dimension of an input; 10 and 10,000 in the paper.
    train, validation, test
        Number of examples in each part. Parts of different sizes start with the same examples and are independent of
        the other parts' sizes.
    seed
        Seed of the teacher and of the inputs.

    Raises
    ------
    ConfigError
        If a number is too small.
    """

    inputs: int = 10
    train: int = 1_000
    validation: int = 1_000
    test: int = 1_000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every number."""
        for field in ("inputs", *get_args(Part)):
            if getattr(self, field) < 1:
                raise ConfigError(field, getattr(self, field), "a whole number of at least 1")
        if self.seed < 0:
            raise ConfigError("seed", self.seed, "a whole number of at least 0")


@dataclass(frozen=True)
class Teacher:
    """A network without biases: weights of its hidden ReLU layer, (input, unit), and of its classifier, (unit, 2)."""

    hidden: NDArray[np.float64]
    classifier: NDArray[np.float64]

    def labels(self, inputs: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the class, 0 or 1, of each of `inputs`, (example, input)."""
        parts = [inputs[start : start + _ROWS] @ self.hidden for start in range(0, len(inputs), _ROWS)]
        return self._decided(np.concatenate(parts))

    def share(self, generator: np.random.Generator) -> float:
        """Estimate the share of standard normal inputs in class 1, with a standard error of 0.0016."""
        # For W = Q R, x W is distributed as z R, so only as many random numbers as hidden units are needed.
        corner = np.linalg.qr(self.hidden, mode="r")
        return float(self._decided(generator.standard_normal((_DRAWS, len(corner))) @ corner).mean())

    def _decided(self, hidden: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.asarray((np.maximum(hidden, 0) @ self.classifier).argmax(axis=1))


def _truncated_normal(generator: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    return DEVIATION * np.asarray(ndtri(generator.uniform(ndtr(-2), ndtr(2), shape)))


def accepted_teacher(inputs: int, seed: int) -> Teacher:
    """Draw random teachers until one assigns 40 to 60 % of random inputs to class 1; about one in four does.

    Parameters
    ----------
    inputs
        Dimension of an input.
    seed
        Seed of the draws.
    """
    generator = np.random.default_rng((seed, len(get_args(Part))))
    while True:
        teacher = Teacher(_truncated_normal(generator, (inputs, HIDDEN)), _truncated_normal(generator, (HIDDEN, 2)))
        if SHARES[0] <= teacher.share(generator) <= SHARES[1]:
            return teacher


def teacher_data(settings: TeacherSettings) -> dict[Part, tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Return the inputs (example, input) and labels (example,) of each part.

    Inputs are independent standard normal numbers; all parts have the same teacher. 100,000 inputs of dimension 10,000
    take 4 GB.

    Examples
    --------
    >>> inputs, labels = teacher_data(TeacherSettings(inputs=10, train=100))["train"]
    >>> inputs.shape, labels.shape
    ((100, 10), (100,))
    """
    teacher = accepted_teacher(settings.inputs, settings.seed)
    data: dict[Part, tuple[NDArray[np.float32], NDArray[np.int64]]] = {}
    for stream, part in enumerate(get_args(Part)):
        generator = np.random.default_rng((settings.seed, stream))
        inputs = generator.standard_normal((getattr(settings, part), settings.inputs), dtype=np.float32)
        data[part] = inputs, teacher.labels(inputs)
    return data
