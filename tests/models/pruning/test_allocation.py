"""How many weights each layer keeps: exact totals for every budget, and the published papers' levels."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from common.errors import ConfigError
from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.pruning.allocation import (
    ALLOCATIONS,
    AllocationName,
    allocate,
    equal_per_filter,
    equal_per_layer,
    erdos_renyi_kernel,
    shapes_of,
    sizes_of,
    uniform,
    water_level,
)
from models.vision.resnet import ResNet, ResNet18Settings, ResNet50Settings

shape_lists = st.lists(st.tuples(*[st.integers(1, 12)] * 2), min_size=1, max_size=7)


def shapes_on_meta(build: Callable[[Any], nn.Module], settings: object) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return shapes_of(build(settings))


def audio(width: int, pointwise: int) -> dict[str, tuple[int, ...]]:
    return shapes_on_meta(AudioResNet, AudioResNetSettings(width=width, pointwise_depth=pointwise))


@given(shape_lists, st.data(), st.sampled_from(sorted(ALLOCATIONS)))
def test_every_rule_meets_every_budget_exactly(
    shapes: list[tuple[int, int]], data: st.DataObject, rule: AllocationName
) -> None:
    named = {str(i): shape for i, shape in enumerate(shapes)}
    sizes = sizes_of(named)
    budget = data.draw(st.integers(0, sum(sizes.values())))
    kept = ALLOCATIONS[rule](named, budget)
    assert list(kept) == list(sizes)
    assert sum(kept.values()) == budget
    assert all(0 <= kept[name] <= size for name, size in sizes.items())


@given(shape_lists, st.data())
def test_water_level_is_the_smallest_cap_and_the_largest_layers_give_up_the_excess(
    shapes: list[tuple[int, int]], data: st.DataObject
) -> None:
    named = {str(i): shape for i, shape in enumerate(shapes)}
    sizes = sizes_of(named)
    budget = data.draw(st.integers(0, sum(sizes.values())))
    cap = next(cap for cap in range(200) if sum(min(size, cap) for size in sizes.values()) >= budget)
    given_up = [(size, min(size, cap) - water_level(named, budget)[name]) for name, size in sizes.items()]
    assert all(lost >= 0 for _, lost in given_up)
    smallest_giver = min((size for size, lost in given_up if lost), default=0)
    assert all(lost == min(size, cap) for size, lost in given_up if size > smallest_giver > 0)


@pytest.mark.parametrize(
    ("width", "pointwise", "cap", "largest"),
    [(512, 1, 42_391, 42_389), (512, 0, 42_851, 42_850), (128, 1, 47_440, 47_440)],
)
def test_caps_of_the_audio_network_at_the_weights_of_width_64(
    width: int, pointwise: int, cap: int, largest: int
) -> None:
    sizes = sizes_of(audio(width, pointwise))
    kept = water_level(audio(width, pointwise), sum(sizes_of(audio(64, pointwise)).values()))
    assert max(kept.values()) == cap
    assert kept[max(sizes, key=sizes.__getitem__)] == largest


@pytest.mark.parametrize(
    ("width", "connectivity", "touched", "level"),
    [
        (18, 0.2016, 9, 12708),
        (32, 0.0643, 14, 9499),
        (48, 0.0287, 19, 9214),
        (64, 0.0161, 19, 9002),
        (80, 0.0103, 20, 8940),
        (128, 0.0040, 20, 8875),
    ],
)
def test_levels_of_resnet18_at_the_weights_of_width_8(
    width: int, connectivity: float, touched: int, level: int
) -> None:
    """Golubeva 2021, Figure 10: CIFAR-100, 180,952 weights."""
    shapes = shapes_on_meta(ResNet, ResNet18Settings(width=width, classes=100))
    kept = water_level(shapes, 180_952)
    assert max(kept.values()) == level
    assert round(180_952 / sum(sizes_of(shapes).values()), 4) == connectivity
    assert sum(kept[name] < size for name, size in sizes_of(shapes).items()) == touched


@pytest.mark.parametrize(
    ("density", "level"), [(0.05, 23306), (0.02, 8914), (0.01, 4401), (0.005, 2181), (0.001, 434.6), (0.0001, 43.5)]
)
def test_levels_of_resnet50(density: float, level: float) -> None:
    """Price 2021, equal per layer with redistribution: the whole cap is the real level, rounded up."""
    shapes = shapes_on_meta(ResNet, ResNet50Settings())
    cap = max(water_level(shapes, int(density * 23_467_712)).values())
    assert level <= cap <= level + 1


def test_equal_per_filter_is_less_than_one_weight_per_filter_on_a_sparse_resnet50() -> None:
    shapes = shapes_on_meta(ResNet, ResNet50Settings())
    kept = equal_per_filter(shapes, 23_468)
    assert {round(kept[name] / shape[0], 1) for name, shape in shapes.items() if shape[0] > 10} == {0.9}
    assert sum(kept.values()) == 23_468


def test_uniform_keeps_the_same_share_of_every_layer() -> None:
    shapes = audio(64, 1)
    sizes = sizes_of(shapes)
    kept = uniform(shapes, 100_000)
    share = 100_000 / sum(sizes.values())
    assert all(abs(kept[name] - share * size) < 1 for name, size in sizes.items())


def test_erdos_renyi_density_is_proportional_to_the_sum_over_the_product_of_the_shape() -> None:
    shapes = audio(64, 1)
    sizes, kept = sizes_of(shapes), erdos_renyi_kernel(shapes, 60_000)
    scale = {name: kept[name] / sum(shape) for name, shape in shapes.items() if kept[name] < sizes[name]}
    assert max(scale.values()) - min(scale.values()) < 0.1
    full = [name for name in shapes if kept[name] == sizes[name]]
    assert full
    assert all(sizes[name] / sum(shapes[name]) <= min(scale.values()) + 0.1 for name in full)


def test_allocate_reads_the_layers_of_a_network() -> None:
    network = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(5, 2))
    assert allocate(network, 14) == {"0": 7, "3": 7}
    assert allocate(network, 64) == {"0": 54, "3": 10}


@pytest.mark.parametrize("budget", [-1, 65, 2.5, True])
def test_a_budget_out_of_range_is_named(budget: Any) -> None:
    network = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(5, 2))
    for name in ALLOCATIONS:
        with pytest.raises(ConfigError, match="budget"):
            allocate(network, budget, name)


def test_an_unknown_rule_is_named() -> None:
    with pytest.raises(ConfigError, match="water_level"):
        allocate(nn.Linear(2, 2), 1, "largest")  # type: ignore[arg-type]


def test_equal_per_layer_is_the_water_level_but_for_one_weight() -> None:
    """Price 2021: where the level falls between whole numbers no layer has to make up for all others."""
    shapes = shapes_on_meta(ResNet, ResNet50Settings())
    sizes, kept = sizes_of(shapes), equal_per_layer(shapes, 2346)
    assert set(kept.values()) == {43, 44}
    assert min(water_level(shapes, 2346).values()) == 14
    kept = equal_per_layer(shapes, 1_173_385)
    level = max(kept.values())
    assert level in (23_306, 23_307)
    assert all(
        count in (min(size, level), min(size, level - 1))
        for count, size in zip(kept.values(), sizes.values(), strict=True)
    )
