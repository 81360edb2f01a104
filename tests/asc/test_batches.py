"""Orders of examples and shares of processes: drawn from the seed, and nothing left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asc.batches import epoch_order, process_share, shuffled_labels


@given(examples=st.integers(1, 60), seed=st.integers(0, 5), epoch=st.integers(0, 5))
def test_an_epoch_visits_every_example_once(examples: int, seed: int, epoch: int) -> None:
    assert sorted(epoch_order(examples, seed, epoch)) == list(range(examples))


def test_orders_differ_by_seed_and_epoch_and_nothing_else() -> None:
    keys = [(seed, epoch) for seed in range(3) for epoch in range(3)]
    orders = {key: tuple(epoch_order(50, *key)) for key in keys}
    assert len(set(orders.values())) == len(keys)
    assert orders[1, 2] == tuple(epoch_order(50, 1, 2))


@pytest.mark.parametrize("world", [1, 2, 4, 8])
def test_shares_make_up_the_batch(world: int) -> None:
    shares = [process_share(8, world, rank) for rank in range(world)]
    assert np.concatenate(shares).tolist() == list(range(8))
    assert {len(share) for share in shares} == {8 // world}


def test_shuffled_labels_are_permuted_by_the_seed() -> None:
    labels = np.repeat(np.arange(4), 10)
    first, again, other = (shuffled_labels(labels, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, labels)
    assert np.array_equal(np.sort(first), labels)
