"""Which training examples are trained on, and which are held out to choose epochs and settings by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.errors import ConfigError
from common.identity import later


@dataclass(frozen=True, kw_only=True)
class ImageSplitSettings:
    """How the training part of a set is dealt out, at random. No example is in two places; test examples stay apart.

    Attributes
    ----------
    validation
        What is held out: a share, if below 1, or a number of examples. Price 2021, App. E.5: 0.1; Casper 2021, section
        3: 5,000 of CIFAR-10.
    train_examples
        How many of the others are trained on, all if None; a smaller number of them is among a larger one. Golubeva
        2021, Figure 7: 2,048 of MNIST.
    stratified
        Whether each class has its share of both. The papers do not say; plainly random is the default.
    seed
        Of the order in which examples are dealt out.
    test_examples
        How many of the test examples, at random, a run is tested on, all if None.
    """

    validation: float = 0
    train_examples: int | None = None
    stratified: bool = False
    seed: int = 0
    test_examples: int | None = later(None)

    def __post_init__(self) -> None:
        """Check every number."""
        if not (0 <= self.validation < 1 or self.validation == int(self.validation) > 0):
            raise ConfigError("validation", self.validation, "a share from 0 to below 1, or a whole number of examples")
        for name in ("train_examples", "test_examples"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise ConfigError(name, getattr(self, name), "a whole number of at least 1")
        if self.seed < 0:
            raise ConfigError("seed", self.seed, "a whole number of at least 0")


@dataclass(frozen=True)
class Rows:
    """Rows of a set's training part, ascending: those trained on, and those held out."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def _dealing_order(labels: NDArray[np.int64], settings: ImageSplitSettings) -> NDArray[np.int64]:
    """Return a random order of the examples; if stratified, any beginning and any end of it has each class's share."""
    order = np.random.default_rng(settings.seed).permutation(len(labels))
    if not settings.stratified:
        return order
    place = np.empty(len(labels))  # of each example within its class, from 0 to 1
    for number in np.unique(labels):
        of_class = np.flatnonzero(labels[order] == number)
        place[of_class] = (np.arange(len(of_class)) + 0.5) / len(of_class)
    return order[np.argsort(place, kind="stable")]


def split_rows(labels: NDArray[np.int64], settings: ImageSplitSettings) -> Rows:
    """Deal out the training part of a set.

    Parameters
    ----------
    labels
        Of its examples.

    Raises
    ------
    ConfigError
        If there are fewer examples than are asked for.
    """
    held_out = int(settings.validation if settings.validation >= 1 else round(settings.validation * len(labels)))
    left = len(labels) - held_out
    if left < 1:
        raise ConfigError("validation", settings.validation, f"less than the {len(labels)} training examples")
    used = left if settings.train_examples is None else settings.train_examples
    if used > left:
        raise ConfigError("train_examples", used, f"at most {left}, of {len(labels)} without the {held_out} held out")
    order = _dealing_order(labels, settings)
    return Rows(np.sort(order[:used]), np.sort(order[left:]))


def scored_rows(count: int, settings: ImageSplitSettings) -> NDArray[np.int64]:
    """Return which of `count` test examples are tested on, ascending; a smaller number is among a larger one.

    Raises
    ------
    ConfigError
        If there are fewer than are asked for.
    """
    used = count if settings.test_examples is None else settings.test_examples
    if used > count:
        raise ConfigError("test_examples", used, f"at most {count}")
    return np.sort(np.random.default_rng(settings.seed).permutation(count)[:used])
