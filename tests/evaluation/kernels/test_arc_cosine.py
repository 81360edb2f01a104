"""The arc-cosine kernels against their defining integral, their special values, and differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.kernels.arc_cosine import arc_cosine_gradients, arc_cosine_kernels, infinite_kernel
from evaluation.kernels.pairs import Overlap, Pairs
from tests.evaluation.kernels.inputs import gaussian_pairs, largest_z


def overlap_at(angle: float, first: float = 1.0, second: float = 1.0) -> Overlap:
    norms = np.array([first]), np.array([second])
    return Overlap(norms[0] ** 2, norms[1] ** 2, norms[0] * norms[1] * np.cos(angle))


def test_they_are_means_over_normal_weights() -> None:
    pairs = gaussian_pairs(6, 4)
    weights = np.random.default_rng(1).normal(size=(400_000, 4))
    products = np.maximum(weights @ pairs.first.T, 0) * np.maximum(weights @ pairs.second.T, 0)
    for order, kernel in enumerate(arc_cosine_kernels(pairs.overlap()), start=1):
        assert largest_z(products**order, kernel) < 4.5


@pytest.mark.parametrize(
    ("angle", "linear", "square"),
    [(0.0, np.pi, 3 * np.pi), (np.pi / 2, 1.0, np.pi / 2), (np.pi, 0.0, 0.0)],
)
def test_parallel_orthogonal_and_opposite_vectors(angle: float, linear: float, square: float) -> None:
    kernels = arc_cosine_kernels(overlap_at(angle, 2.0, 3.0))
    np.testing.assert_allclose(kernels[0], 6 * linear / (2 * np.pi), atol=1e-8)
    np.testing.assert_allclose(kernels[1], 36 * square / (2 * np.pi), atol=1e-8)


@pytest.mark.parametrize("factor", [1.0, 3.0, 1e-3])
def test_the_diagonal_is_half_the_squared_norm(factor: float) -> None:
    inputs = np.random.default_rng(0).normal(size=(20, 784))
    linear, square = arc_cosine_kernels(Pairs(inputs, factor * inputs).overlap())
    norms = (inputs**2).sum(axis=1)
    np.testing.assert_allclose(linear, factor * norms / 2, rtol=1e-8)
    np.testing.assert_allclose(square, 1.5 * factor**2 * norms**2, rtol=1e-8)
    np.testing.assert_allclose(infinite_kernel(Pairs(inputs, inputs)), norms / (2 * 784), rtol=1e-8)


def test_zero_vectors_have_kernel_zero_and_finite_gradients() -> None:
    overlap = Pairs([[0.0, 0.0], [0.0, 0.0]], [[1.0, 2.0], [0.0, 0.0]]).overlap()
    assert all((kernel == 0).all() for kernel in arc_cosine_kernels(overlap))
    assert all(np.isfinite(part).all() for gradient in arc_cosine_gradients(overlap) for part in gradient)


@settings(deadline=None)
@given(angle=st.floats(0.1, 3.0), first=st.floats(0.3, 3.0), second=st.floats(0.3, 3.0))
def test_gradients_are_differences_and_obey_euler(angle: float, first: float, second: float) -> None:
    overlap = overlap_at(angle, first, second)
    for order, gradient in enumerate(arc_cosine_gradients(overlap)):
        kernel = arc_cosine_kernels(overlap)[order]
        by_hand = []
        for part in range(3):
            step = 1e-6 * first * second * np.eye(3)[part][:, None]
            ends = [arc_cosine_kernels(Overlap(*(np.stack(overlap) + sign * step)))[order] for sign in (1, -1)]
            by_hand.append((ends[0] - ends[1]) / (2 * step[part]))
        np.testing.assert_allclose(np.stack(gradient), np.stack(by_hand), rtol=1e-4, atol=1e-6)
        degree = (np.stack(gradient) * np.stack(overlap)).sum(axis=0)
        np.testing.assert_allclose(degree, (order + 1) * kernel, rtol=1e-9, atol=1e-9)
