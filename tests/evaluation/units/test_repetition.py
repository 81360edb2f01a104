"""Correlations against numpy's, and what the sampling promises."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any
from weakref import ReferenceType, ref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from torch import Tensor, nn

from common.errors import ConfigError, DataError
from evaluation.units.correlation import RunningCorrelation
from evaluation.units.removability import ablation_curves
from evaluation.units.repetition import (
    pair_correlations,
    repetition_table,
    sampled_vectors,
    similar_units,
    unit_correlations,
)
from evaluation.units.settings import CODE_REPETITION, RepetitionSettings


def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = [nn.Conv2d(2, 9, 3), nn.BatchNorm2d(9), nn.ReLU(), nn.Flatten(), nn.Linear(36, 8), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(8, 3))


def images(count: int) -> Tensor:
    return torch.randn(count, 2, 4, 4, generator=torch.Generator().manual_seed(1))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=6),
    st.floats(-1e5, 1e5),
    st.integers(0, 10**6),
)
def test_streamed_correlation_is_numpys(parts: list[int], offset: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.randn(sum(parts) + 2, 5, generator=generator) @ torch.randn(5, 5, generator=generator) + offset
    running = RunningCorrelation(5, torch.device("cpu"))
    for part in mixed.split([*parts, 2]):
        running.add(part)
    expected = np.corrcoef(mixed.double().numpy(), rowvar=False)
    assert_allclose(running.matrix(), expected, atol=1e-8)


def test_constant_units_have_no_correlation() -> None:
    """Whatever the constant: 0.1 differs from its own mean by rounding, and numpy's answer is then noise."""
    rows = torch.randn(1000, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    rows[:, 1], rows[:, 3] = 0.1, 0
    running = RunningCorrelation(4, torch.device("cpu"))
    for part in rows.split(70):
        running.add(part)
    matrix = running.matrix()
    assert_array_equal(np.isnan(matrix), [[i in (1, 3) or j in (1, 3) for j in range(4)] for i in range(4)])
    assert_array_equal(np.diagonal(matrix)[[0, 2]], 1)


def test_correlations_of_a_network_are_numpys() -> None:
    made, x = network().eval(), images(200)
    correlations = unit_correlations(made, x.split(30), ["2", "5"])
    convolution = made[:3](x).permute(0, 2, 3, 1).reshape(-1, 9)
    for site, rows in (("2", convolution), ("5", made[:6](x))):
        expected = np.corrcoef(rows.detach().double().numpy(), rowvar=False)
        assert correlations[site].shape == (3, len(expected), len(expected))
        for sampling in correlations[site]:  # fewer vectors than the cap: every sampling is of all
            assert_allclose(sampling, expected, atol=1e-6)


def test_streaming_equals_whole() -> None:
    whole, streamed = (unit_correlations(network(), images(90).split(size), ["2", "5"]) for size in (90, 7))
    for site, matrices in whole.items():
        assert_allclose(matrices, streamed[site], atol=1e-6)


def test_the_cap_is_spread_over_batches() -> None:
    """As in the published code: 77 batches of 128 give 649 vectors each, 49,973; a dense layer all of its 9,856."""
    counts: dict[str, list[int]] = {"conv": [], "dense": []}
    share = 50_000 // 77
    for _ in range(77):
        generator = np.random.default_rng(0)
        counts["conv"].append(len(sampled_vectors(torch.empty(128, 1, 16, 16), share, generator)))
        counts["dense"].append(len(sampled_vectors(torch.empty(128, 1), share, generator)))
    assert {name: sum(count) for name, count in counts.items()} == {"conv": 49_973, "dense": 9_856}


def test_sampled_vectors_are_different_and_of_one_position() -> None:
    places = torch.arange(6 * 5 * 4).view(6, 1, 5, 4)
    output = torch.cat([places, places + 1000, -places], dim=1)
    rows = sampled_vectors(output, 50, np.random.default_rng(0))
    assert_array_equal(rows, rows[:, :1] * torch.tensor([1, 1, -1]) + torch.tensor([0, 1000, 0]))
    assert len(set(rows[:, 0].tolist())) == len(rows) == 50
    assert_array_equal(sampled_vectors(output, 120, np.random.default_rng(0))[:, 0], np.arange(120))
    often = [sampled_vectors(places, 30, np.random.default_rng(seed))[:, 0].tolist() for seed in range(1000)]
    hits = np.bincount(np.concatenate(often), minlength=120)
    assert ((hits - 250) ** 2 / (250 * 0.75)).sum() == pytest.approx(119, abs=4.5 * np.sqrt(2 * 119))


def test_the_cap_is_that_of_all_batches() -> None:
    """As many vectors of 9 units have correlations of a rank one lower, the mean being taken off."""
    for cap, rank in ((6, 5), (8, 5), (9, 8)):
        few = unit_correlations(network().double(), images(90).double().split(30), ["0"], RepetitionSettings(cap=cap))
        assert [np.linalg.matrix_rank(matrix) for matrix in few["0"]] == [rank] * 3


class Fresh:
    """Batches made one by one, which notices if one before the last is still held."""

    def __init__(self) -> None:
        self.made: list[ReferenceType[Tensor]] = []

    def __len__(self) -> int:
        return 6

    def __iter__(self) -> Iterator[Tensor]:
        for _ in range(len(self)):
            assert not any(made() is not None for made in self.made[:-1])
            batch = images(5)
            self.made.append(ref(batch))
            yield batch


@pytest.mark.parametrize("measure", [unit_correlations, ablation_curves])
def test_no_batch_is_kept(measure: Callable[..., Any]) -> None:
    batches = Fresh()
    measure(network(), batches, ["2", "5"])
    assert [made() for made in batches.made] == [None] * 6


def test_samplings_are_independent_and_repeat() -> None:
    few = RepetitionSettings(cap=60)
    first, again = (unit_correlations(network(), images(90).split(30), ["2"], few)["2"] for _ in range(2))
    assert_array_equal(first, again)
    assert not any(np.allclose(first[i], first[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    other = unit_correlations(network(), images(90).split(30), ["2"], RepetitionSettings(cap=60, seed=1))["2"]
    assert not np.allclose(first, other)


def test_similar_units_by_hand() -> None:
    nan = np.nan
    matrix = np.array([[1, -0.5, 0.2, nan], [-0.5, 1, 0.49, nan], [0.2, 0.49, 1, nan], [nan, nan, nan, nan]])
    assert_array_equal(similar_units(matrix), [1, 1, 0, nan])
    assert_array_equal(similar_units(matrix, CODE_REPETITION), [1, 1, 0, -1])
    assert_array_equal(similar_units(matrix, RepetitionSettings(threshold=0.3)), [1, 2, 1, nan])
    row = repetition_table({"a": matrix[None]}).iloc[0]
    assert (row["site"], row["sampling"], row["units"], row["dead"]) == ("a", 0, 4, 1)
    assert row["similarity"] == pytest.approx(2 / 3)
    assert row["deviation"] == pytest.approx(np.std([1, 1, 0]))
    row = repetition_table({"a": np.full((1, 2, 2), nan)}).iloc[0]
    assert row["dead"] == 2
    assert np.isnan(row["similarity"])


def test_pairs_for_a_violin() -> None:
    matrix = np.array([[1, -1, 0.2, np.nan], [-1, 1, 0.3, np.nan], [0.2, 0.3, 1, np.nan], [np.nan] * 4])
    assert_array_equal(pair_correlations(matrix), [0.2, 0.3])
    assert_array_equal(pair_correlations(matrix, below=np.inf), [1, 0.2, 0.3])


@pytest.mark.parametrize(
    ("second", "end"), [(images(20), nullcontext()), (images(20)[:, :1], pytest.raises(RuntimeError))]
)
def test_the_network_is_left_as_it_was(second: Tensor, end: Any) -> None:
    made = network()
    made[1].eval()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    with end:
        unit_correlations(made, (images(20), second), ["2", "5"])
    assert [module.training for module in made] == [True, False, True, True, True, True, True]
    assert not any(module._forward_hooks for module in made)
    assert all(parameter.requires_grad for parameter in made.parameters())
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())


def test_inputs_that_do_not_do() -> None:
    with pytest.raises(DataError, match="no input"):
        unit_correlations(network(), [], ["2"])
    with pytest.raises(DataError, match="fewer than two"):
        unit_correlations(network(), [images(1)], ["5"])
    with pytest.raises(DataError, match="not finite"):
        unit_correlations(network(), [images(4) * torch.nan], ["2"])
    with pytest.raises(ConfigError, match="cap"):
        unit_correlations(network(), images(9).split(3), ["2"], RepetitionSettings(cap=2))
    running = RunningCorrelation(3, torch.device("cpu"))
    with pytest.raises(DataError, match="3 units and now has 2"):
        running.add(torch.zeros(4, 2))


@pytest.mark.parametrize(
    ("setting", "value"),
    [("threshold", 0), ("threshold", 1.01), ("threshold", np.nan), ("dead", "zero"), ("cap", 1), ("samplings", 0)],
)
def test_settings_are_checked(setting: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        RepetitionSettings(**{setting: value})
    assert caught.value.field == setting


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_gives_the_same_correlations() -> None:
    on_cpu = unit_correlations(network(), images(60).split(20), ["2", "5"])
    on_gpu = unit_correlations(network().cuda(), images(60).cuda().split(20), ["2", "5"])
    for site, matrices in on_cpu.items():
        assert_allclose(matrices, on_gpu[site], atol=1e-5)
