"""The published codes' allocations: the densities that they really reach, and where they agree with the water level."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigError
from models.pruning.allocation import shapes_of, sizes_of, water_level
from models.pruning.published import epf_published, epl_published, golubeva_published
from models.vision.mobilenet import MobileNetSettings, MobileNetV2
from models.vision.resnet import ResNet, ResNet18Settings, ResNet50Settings
from models.vision.vgg import Vgg19, VggSettings

LENET = {"1": (6, 3, 5, 5), "2": (16, 6, 5, 5), "3": (120, 16, 5, 5), "4": (82, 120), "5": (10, 82)}


@pytest.fixture(scope="module")
def shapes() -> dict[str, dict[str, tuple[int, ...]]]:
    with torch.device("meta"):
        return {
            "resnet50": shapes_of(ResNet(ResNet50Settings())),
            "resnet18": shapes_of(ResNet(ResNet18Settings())),
            "vgg19": shapes_of(Vgg19(VggSettings())),
            "mobilenet": shapes_of(MobileNetV2(MobileNetSettings())),
            "lenet": LENET,
        }


@pytest.mark.parametrize(
    ("network", "nominal", "achieved"),
    [
        ("resnet50", 20, 15.7),
        ("resnet50", 10, 8.73),
        ("resnet50", 5, 4.70),
        ("resnet50", 2, 2.00),
        ("vgg19", 5, 4.34),
        ("vgg19", 2, 1.80),
        ("vgg19", 1, 0.917),
        ("vgg19", 0.5, 0.475),
        ("vgg19", 0.2, 0.200),
        ("resnet18", 5, 4.42),
        ("resnet18", 2, 1.85),
        ("resnet18", 1, 0.966),
        ("mobilenet", 5, 4.97),
        ("mobilenet", 10, 8.55),
        ("lenet", 10, 8.06),
        ("lenet", 5, 5.00),
    ],
)
def test_the_density_that_the_published_equal_per_layer_reaches(
    shapes: dict[str, dict[str, tuple[int, ...]]], network: str, nominal: float, achieved: float
) -> None:
    total = sum(sizes_of(shapes[network]).values())
    kept = epl_published(shapes[network], int(total * nominal / 100))
    digits = len(str(achieved).partition(".")[2])
    assert sum(kept.values()) / total * 100 == pytest.approx(achieved, abs=0.6 * 10**-digits)


def test_the_published_equal_per_layer_keeps_87_per_layer_of_resnet50_at_a_density_of_two_in_ten_thousand(
    shapes: dict[str, dict[str, tuple[int, ...]]],
) -> None:
    kept = epl_published(shapes["resnet50"], 23_467_712 * 2 // 10_000)
    assert set(kept.values()) <= {86, 87}


@given(st.lists(st.integers(1, 300), min_size=2, max_size=8), st.data())
def test_the_published_largest_layers_first_is_the_water_level_while_the_smallest_layer_stays_whole(
    sizes: list[int], data: st.DataObject
) -> None:
    shapes = {str(i): (size,) for i, size in enumerate(sizes)}
    uncut = len(sizes) * min(sizes)
    budget = data.draw(st.integers(0, sum(sizes)))
    if budget < uncut:
        with pytest.raises(ConfigError, match="water_level"):
            golubeva_published(shapes, budget)
    elif min(sizes) >= len(sizes):
        assert golubeva_published(shapes, budget) == water_level(shapes, budget)


def test_equal_per_filter_loses_what_small_layers_leave() -> None:
    # 200 a filter: 1,200, 3,200, 24,000, 16,400 and 2,000, of which four layers have less.
    assert epf_published(LENET, 200 * 234) == {"1": 450, "2": 2400, "3": 24_000, "4": 9840, "5": 820}
