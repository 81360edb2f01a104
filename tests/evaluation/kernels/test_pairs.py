"""Pairs of inputs: what they are made of, and what is refused."""

import numpy as np
import pytest

from common.errors import ConfigError, DataError
from evaluation.kernels.pairs import Pairs, check_density
from tests.evaluation.kernels.inputs import gaussian_pairs


def test_overlaps_are_norms_and_inner_products() -> None:
    pairs = gaussian_pairs(5, 7)
    overlap = pairs.overlap()
    np.testing.assert_allclose(overlap.first, np.linalg.norm(pairs.first, axis=1) ** 2)
    np.testing.assert_allclose(overlap.second, np.linalg.norm(pairs.second, axis=1) ** 2)
    np.testing.assert_allclose(overlap.inner, np.diag(pairs.first @ pairs.second.T))
    assert (len(pairs), pairs.inputs) == (5, 7)


def test_single_precision_is_widened() -> None:
    assert Pairs(np.ones((1, 2), np.float32), [[1, 2]]).overlap().inner.dtype == np.float64


@pytest.mark.parametrize("shapes", [((2, 3), (2, 4)), ((3,), (3,)), ((0, 3), (0, 3)), ((2, 0), (2, 0))])
def test_shapes_that_are_no_pairs_are_refused(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(DataError, match="one shape"):
        Pairs(*map(np.ones, shapes))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(wrong: float) -> None:
    with pytest.raises(DataError, match="not finite"):
        Pairs([[1.0, 2.0]], [[wrong, 2.0]])


@pytest.mark.parametrize("wrong", [0.0, -0.1, 1.1, float("nan"), [0.5, 2.0]])
def test_densities_out_of_range_are_named(wrong: float | list[float]) -> None:
    with pytest.raises(ConfigError, match="density"):
        check_density(wrong)
