"""Random splits of a set's training part into training and validation examples, and subsets of test examples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.errors import ConfigError
from common.identity import later


@dataclass(frozen=True, kw_only=True)
class ImageSplitSettings:
    """Settings of a random split of a set's training part into training and validation examples.

    Attributes
    ----------
    validation
        Share (below 1) or number of examples held out for validation. Price 2021, App. E.5: 0.1; Casper 2021, section
        3: 5,000 of CIFAR-10.
    train_examples
        Number of the remaining examples used for training; None for all. A smaller subset is contained in a larger one.
        Golubeva 2021, Figure 7: 2,048 of MNIST.
    stratified
        Whether both parts have the same proportions of classes. The papers do not specify this.
    seed
        Seed of the random order.
    test_examples
        Number of test examples, chosen at random, on which a run is tested; None for all.
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
    """Training and validation rows of a set's training part, ascending."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def _random_order(labels: NDArray[np.int64], settings: ImageSplitSettings) -> NDArray[np.int64]:
    """Return a random order of the examples; if stratified, every prefix and suffix has the proportions of classes."""
    order = np.random.default_rng(settings.seed).permutation(len(labels))
    if not settings.stratified:
        return order
    place = np.empty(len(labels))  # position of each example within its class, 0 to 1
    for number in np.unique(labels):
        of_class = np.flatnonzero(labels[order] == number)
        place[of_class] = (np.arange(len(of_class)) + 0.5) / len(of_class)
    return order[np.argsort(place, kind="stable")]


def split_rows(labels: NDArray[np.int64], settings: ImageSplitSettings) -> Rows:
    """Split the training part of a set.

    Parameters
    ----------
    labels
        Labels of the training part, (example,).
    settings
        Settings of the split.

    Raises
    ------
    ConfigError
        If there are too few examples.

    Examples
    --------
    >>> rows = split_rows(np.repeat(np.arange(10), 100), ImageSplitSettings(validation=0.1))
    >>> len(rows.train), len(rows.validation)
    (900, 100)
    """
    held_out = int(settings.validation if settings.validation >= 1 else round(settings.validation * len(labels)))
    left = len(labels) - held_out
    if left < 1:
        raise ConfigError("validation", settings.validation, f"less than the {len(labels)} training examples")
    used = left if settings.train_examples is None else settings.train_examples
    if used > left:
        raise ConfigError("train_examples", used, f"at most {left}, of {len(labels)} without the {held_out} held out")
    order = _random_order(labels, settings)
    return Rows(np.sort(order[:used]), np.sort(order[left:]))


def scored_rows(count: int, settings: ImageSplitSettings) -> NDArray[np.int64]:
    """Return the rows of the `count` test examples that are used for testing, ascending.

    A smaller subset is contained in a larger one.

    Raises
    ------
    ConfigError
        If there are too few test examples.
    """
    used = count if settings.test_examples is None else settings.test_examples
    if used > count:
        raise ConfigError("test_examples", used, f"at most {count}")
    return np.sort(np.random.default_rng(settings.seed).permutation(count)[:used])
