"""Masks: exact counts whatever the ties, uniform positions, whole kernels."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from common.errors import ConfigError, DataError
from models.pruning import masks as pruning_masks
from models.pruning.masks import counts_of, masks_from_scores, random_masks


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(4, 6, 3), nn.Conv2d(6, 6, 3, groups=3), nn.Flatten(), nn.Linear(10, 5))


@given(st.integers(0, 216), st.integers(0, 108), st.integers(0, 50), st.integers(0, 2**40))
def test_random_masks_keep_exactly_what_was_asked(a: int, b: int, c: int, seed: int) -> None:
    masks = random_masks(network(), {"0": a, "1": b, "3": c}, seed)
    assert counts_of(masks) == {"0": a, "1": b, "3": c}
    assert [mask.shape for mask in masks.values()] == [(6, 4, 3, 3), (6, 2, 3, 3), (5, 10)]
    assert all(mask.dtype == torch.bool for mask in masks.values())


def test_a_layers_mask_follows_from_seed_and_position_alone() -> None:
    torch.manual_seed(0)
    first = random_masks(network(), {"0": 100, "1": 50, "3": 20}, 3)
    torch.manual_seed(1)
    second = random_masks(network(), {"1": 50, "3": 20}, 3)
    assert set(second) == {"1", "3"}
    assert all(torch.equal(first[name], mask) for name, mask in second.items())
    other = random_masks(network(), {"0": 100}, 4)
    assert not torch.equal(first["0"], other["0"])


def test_layers_of_one_shape_get_different_masks() -> None:
    masks = random_masks(nn.Sequential(nn.Linear(20, 20), nn.Linear(20, 20)), {"0": 200, "1": 200}, 0)
    assert 60 < int((masks["0"] & masks["1"]).sum()) < 140


def test_positions_are_uniform() -> None:
    drawn = torch.stack([random_masks(nn.Linear(8, 8), {"": 16}, seed)[""] for seed in range(2000)])
    share = drawn.double().mean(dim=0)
    # Every position is kept with chance 1/4; the largest of 64 deviations stays below 4 standard deviations.
    assert float((share - 0.25).abs().max()) < 4 * (0.25 * 0.75 / 2000) ** 0.5


@given(st.integers(0, 216), st.integers(0, 108))
def test_io_only_keeps_whole_kernels(a: int, b: int) -> None:
    masks = random_masks(network(), {"0": a, "1": b, "3": 17}, 0, io_only=True)
    for name, count, most in (("0", a, 4), ("1", b, 8)):
        kernels = masks[name].flatten(2)
        assert torch.equal(kernels.any(dim=2), kernels.all(dim=2))
        assert abs(int(masks[name].sum()) - count) <= most
    # The linear layer, of single weights, makes up for what whole kernels leave.
    assert sum(int(mask.sum()) for mask in masks.values()) == a + b + 17


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=60), st.data())
def test_the_highest_scores_are_kept_and_ties_go_to_the_first(scores: list[int], data: st.DataObject) -> None:
    split = data.draw(st.integers(1, len(scores) - 1))
    budget = data.draw(st.integers(0, len(scores)))
    tensors = {"a": torch.tensor(scores[:split]).float(), "b": torch.tensor(scores[split:]).float().view(1, -1)}
    masks = masks_from_scores(tensors, budget)
    best = np.argsort(-np.array(scores), kind="stable")[:budget]
    assert np.flatnonzero(torch.cat([masks["a"], masks["b"][0]]).numpy()).tolist() == sorted(best)


def test_ties_never_keep_more_or_less() -> None:
    scores = torch.zeros(1000)
    scores[500:600] = torch.arange(1.0, 101.0)
    mask = masks_from_scores({"a": scores}, 500)["a"]
    assert int(mask.sum()) == 500
    assert bool(mask[500:600].all())
    assert bool(mask[:400].all())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64, torch.int64])
def test_scores_of_any_type_are_ranked(dtype: torch.dtype) -> None:
    masks = masks_from_scores({"a": torch.tensor([3, 1, 2], dtype=dtype)}, 2)
    assert masks["a"].tolist() == [True, False, True]


def test_counts_rank_within_layers() -> None:
    scores = {"a": torch.tensor([1.0, 2.0, 3.0]), "b": torch.tensor([30.0, 20.0, 10.0]), "c": torch.ones(2)}
    masks = masks_from_scores(scores, {"a": 2, "b": 1})
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        "a": [False, True, True],
        "b": [True, False, False],
    }


def test_what_cannot_be_is_named() -> None:
    with pytest.raises(DataError, match="b are not numbers"):
        masks_from_scores({"a": torch.ones(2), "b": torch.tensor([1.0, torch.nan])}, 1)
    with pytest.raises(ConfigError, match="from 0 to 2"):
        masks_from_scores({"a": torch.ones(2)}, 3)
    with pytest.raises(ConfigError, match="layers are a"):
        masks_from_scores({"a": torch.ones(2)}, {"z": 1})
    with pytest.raises(ConfigError, match=r"budget\[3\]"):
        random_masks(network(), {"3": 51}, 0)


class OnAGpu(torch.Tensor):
    """A tensor of the CPU that says it is on a GPU, so that ranking goes the way it goes there."""

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return torch.device("cuda")


def test_ranking_on_a_gpu_finds_what_numpy_finds() -> None:
    scores = torch.randint(0, 40, (500,), generator=torch.Generator().manual_seed(0)).float()
    for rank in (0, 1, 250, 498, 499):
        assert pruning_masks._ranked(scores.as_subclass(OnAGpu), rank) == sorted(scores.tolist())[rank]
        assert pruning_masks._ranked(scores, rank) == sorted(scores.tolist())[rank]
