"""Random draws of training batches, all from (seed, epoch, step).

The order of examples and the draws are therefore the same in any loader worker and any process. Runs continue exactly
after an interruption, and several processes train as one process does.
"""

import numpy as np
from numpy.typing import NDArray

_ORDER, _BATCH, _LABELS = 0, 1, 2


def _generator(*key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(key))


def epoch_order(examples: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the order of the training examples in epoch `epoch`, (example,).

    Examples
    --------
    >>> epoch_order(5, seed=0, epoch=0)
    array([2, 4, 3, 0, 1])
    """
    return _generator(seed, _ORDER, epoch).permutation(examples)


def batch_generator(seed: int, epoch: int, step: int) -> np.random.Generator:
    """Return the random generator for the augmentations of one training step."""
    return _generator(seed, _BATCH, epoch, step)


def shuffled_labels(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return randomly permuted labels of the training examples, (example,).

    Examples
    --------
    >>> shuffled_labels(np.array([0, 0, 0, 1, 1]), seed=0)
    array([1, 0, 0, 0, 1])
    """
    return _generator(seed, _LABELS).permutation(labels)


def process_share(size: int, world_size: int, rank: int) -> NDArray[np.int64]:
    """Return the positions in a batch of `size` that process `rank` of `world_size` trains on.

    Examples
    --------
    >>> process_share(8, world_size=2, rank=1)
    array([4, 5, 6, 7])
    """
    share = size // world_size
    return np.arange(rank * share, (rank + 1) * share)
