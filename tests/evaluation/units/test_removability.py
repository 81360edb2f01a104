"""Ablation curves against enumeration, and what they promise: nested, unscaled, streamed, the network left alone."""

from collections.abc import Iterator
from contextlib import nullcontext
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from pandas import DataFrame
from torch import Tensor, nn

from common.errors import ConfigError, DataError
from evaluation.units.removability import ablation_curves, areas, removal_order, removed
from evaluation.units.settings import CODE_REMOVABILITY, RemovabilitySettings
from tests.evaluation.units.two_layers import SITE, inputs, layered


class Spy(nn.Module):
    """Passes on what it gets, and keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x.clone())
        return x


def convolutional() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), Spy(),
        nn.Conv2d(6, 4, 3, padding=1), nn.ReLU(), Spy(), nn.Flatten(), nn.Linear(64, 3),
    ).double()  # fmt: skip


def images(count: int) -> Tensor:
    return torch.randn(count, 2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def small() -> nn.Sequential:
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in ((24, 7), (7, 3))]
    return layered(*weights)


def test_the_curve_is_the_mean_over_all_sets_of_units() -> None:
    """Every set of a size is as likely: the mean over many orders approaches that over all sets, enumerated."""
    network, x = small(), inputs(200)
    settings = RemovabilitySettings(repetitions=200, levels=8)  # 7 units: one more at each level
    curves = ablation_curves(network, [x], [SITE], settings)
    hidden, intact = network[:2](x), network(x).argmax(1)
    for level, (_, curve) in enumerate(curves.groupby("share")["unchanged"]):
        kept = []
        for gone in combinations(range(7), level):
            left = hidden.index_fill(1, torch.tensor(gone, dtype=torch.int64), 0)
            kept.append((network[2](left).argmax(1) == intact).double().mean().item())
        assert abs(curve.mean() - np.mean(kept)) < 4.5 * np.std(kept) / np.sqrt(200) + 1e-12


def test_nothing_and_everything() -> None:
    network, x = small(), inputs(100)
    curves = ablation_curves(network, [x], [SITE]).set_index("share")["unchanged"]
    assert (curves[0.0] == 1).all()
    # Without units and biases all logits are zero, and the first class wins.
    assert (curves[1.0] == (network(x).argmax(1) == 0).double().mean().item()).all()


@pytest.mark.parametrize("unit", ["channel", "position"])
def test_units_go_one_after_another_and_the_rest_is_not_scaled(unit: Any) -> None:
    network, x = convolutional().eval(), images(5)
    ablation_curves(network, [x], ["2"], RemovabilitySettings(unit=unit, repetitions=2))
    intact, *ablated = network[3].seen
    assert len(ablated) == 2 * 6
    units = 6 if unit == "channel" else 96
    for repetition in (0, 1):
        before = torch.zeros(6, 4, 4, dtype=torch.bool)
        order = torch.from_numpy(removal_order(units, RemovabilitySettings(), 0, repetition))
        for level, output in enumerate(ablated[6 * repetition : 6 * repetition + 6], start=1):
            gone = (order < removed(units, level, 7)).view(6, -1).expand(6, 16).reshape(6, 4, 4)
            assert (gone | ~before).all()
            assert gone.sum() == 16 * level
            assert_array_equal(output, intact.masked_fill(gone, 0))
            before = gone
    assert not torch.equal(ablated[0], ablated[6])  # repetitions have orders of their own


def test_orders_are_permutations_of_each_site_and_repetition_its_own() -> None:
    orders = [removal_order(30, RemovabilitySettings(), site, turn).tolist() for site in (0, 1) for turn in (0, 1)]
    assert all(sorted(order) == list(range(30)) for order in orders)
    assert len(set(map(tuple, orders))) == 4


def test_shares_are_rounded_down() -> None:
    assert [removed(10, level, 7) for level in range(7)] == [0, 1, 3, 5, 6, 8, 10]
    assert removed(18, 5, 7) == 15  # int(linspace(0, 1, 7)[5] * 18) is 14


@pytest.mark.parametrize("sites", ["each", "all"])
def test_a_site_loses_the_same_units_alone_and_with_others(sites: Any) -> None:
    network, x = convolutional().eval(), images(3)
    ablation_curves(network, [x], ["2", "5"], RemovabilitySettings(sites=sites, repetitions=1))
    for place, spy in enumerate((network[3], network[6])):
        intact, first = spy.seen[0], 1 + 6 * place if sites == "each" else 1
        order = torch.from_numpy(removal_order(intact.shape[1], RemovabilitySettings(), place, 0))
        for level, output in enumerate(spy.seen[first : first + 6], start=1):
            gone = order < removed(len(order), level, 7)
            assert not output[:, gone].any()
            assert output[:, ~gone].any() or level == 6
            if sites == "each" or place == 0:
                assert_array_equal(output[:, ~gone], intact[:, ~gone])


def test_a_single_site_is_all_sites() -> None:
    each, together = (
        ablation_curves(small(), [inputs(50)], [SITE], RemovabilitySettings(sites=sites)) for sites in ("each", "all")
    )
    assert_array_equal(each["unchanged"], together["unchanged"])
    assert (set(each["site"]), set(together["site"])) == ({SITE}, {"all"})


@pytest.mark.parametrize("unit", ["channel", "position"])
def test_streaming_equals_whole(unit: Any) -> None:
    settings, x = RemovabilitySettings(unit=unit), images(30)
    whole = ablation_curves(convolutional(), [x], ["2", "5"], settings)
    streamed = ablation_curves(convolutional(), iter(x.split(7)), ["2", "5"], settings)
    assert whole.equals(streamed)
    assert len(whole) == 2 * 3 * 7


def test_the_rest_of_a_network_gives_the_same_curves() -> None:
    whole, x = small(), inputs(70)
    curves = [ablation_curves(whole, [x], ["1"]), ablation_curves(whole[1:], [whole[0](x).detach()], ["1"])]
    assert_array_equal(curves[0]["unchanged"], curves[1]["unchanged"])


def test_seeds_differ_and_repeat() -> None:
    curves = [ablation_curves(small(), [inputs(80)], [SITE], RemovabilitySettings(seed=seed)) for seed in (1, 1, 2)]
    assert curves[0].equals(curves[1])
    assert not curves[0].equals(curves[2])


def test_areas() -> None:
    x = inputs(60)
    curves = ablation_curves(convolutional(), [images(60)], ["2", "5"])
    trapezoid, mean = areas(curves), areas(curves, CODE_REMOVABILITY)
    assert list(trapezoid.index) == list(mean.index) == [(site, turn) for site in ("2", "5") for turn in range(3)]
    for site, turn in trapezoid.index:
        y = curves[(curves["site"] == site) & (curves["repetition"] == turn)]["unchanged"].to_numpy()
        assert mean[site, turn] == pytest.approx(sum(y) / 7)
        assert trapezoid[site, turn] == pytest.approx((sum(y) - (y[0] + y[-1]) / 2) / 6)
    same = DataFrame({"site": "a", "repetition": 0, "share": np.linspace(0, 1, 7), "unchanged": 1.0})
    assert areas(same)["a", 0] == areas(same, CODE_REMOVABILITY)["a", 0] == pytest.approx(1)
    assert len(areas(ablation_curves(small(), [x], [SITE]))) == 3


def state(network: nn.Module) -> list[Any]:
    return [
        [(name, module.training, len(module._forward_hooks)) for name, module in network.named_modules()],
        [(name, parameter.requires_grad) for name, parameter in network.named_parameters()],
        {name: value.tolist() for name, value in network.state_dict().items()},
    ]


def failing() -> Iterator[Tensor]:
    yield images(2)
    raise OSError("gone")


@pytest.mark.parametrize(
    ("batches", "end"),
    [
        ([images(2)], nullcontext()),
        (failing(), pytest.raises(OSError, match="gone")),
        ([images(2)[:, :1]], pytest.raises(RuntimeError)),
        ([images(2) * torch.nan], pytest.raises(DataError)),
    ],
)
def test_the_network_is_left_as_it_was(batches: Any, end: Any) -> None:
    network = convolutional()
    network[1].eval()
    network[4].requires_grad_(False)
    before = state(network)
    with end:
        ablation_curves(network, batches, ["2", "5"])
    assert state(network) == before


def test_inputs_and_outputs_that_do_not_do() -> None:
    with pytest.raises(DataError, match="no input"):
        ablation_curves(small(), [], [SITE])
    with pytest.raises(DataError, match="not finite"):
        ablation_curves(small(), [inputs(3) * torch.inf], [SITE])
    with pytest.raises(DataError, match=r"\(input, class\)"):
        ablation_curves(convolutional()[:3], [images(2)], ["2"])


@pytest.mark.parametrize(
    ("setting", "value"),
    [("sites", "both"), ("area", "simpson"), ("unit", "weight"), ("levels", 1), ("repetitions", 0), ("seed", -1)],
)
def test_settings_are_checked(setting: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        RemovabilitySettings(**{setting: value})
    assert (caught.value.field, caught.value.value) == (setting, value)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_gives_the_same_curves() -> None:
    on_cpu = ablation_curves(convolutional(), [images(40)], ["2", "5"])
    on_gpu = ablation_curves(convolutional().cuda(), [images(40).cuda()], ["2", "5"])
    assert on_cpu.equals(on_gpu)
