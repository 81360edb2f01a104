"""Pruning at initialisation: exact budgets, nestedness, collapse, and the published behaviour of each method."""

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from common.errors import ConfigError, DataError
from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.initialisation import initialise
from models.prunable import Masks
from models.pruning.allocation import allocate
from models.pruning.masks import counts_of
from models.pruning.prune import METHODS, Method, Schedule, kept_after, prune
from models.pruning.scores import Batch, Scores, ScoreSettings
from models.vision.fixup import FixupResNet, FixupSettings
from models.vision.initialisation import initialise_kaiming
from models.vision.resnet import ResNet, ResNet50Settings
from models.weights.damping import damp
from tests.models.pruning.small_networks import MLP_WEIGHTS, SmallResidual, draw, images, mlp, vectors


def layers(masks: Masks) -> list[int]:
    return list(counts_of(masks).values())


def equal(first: Masks, second: Masks) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def watch(monkeypatch: pytest.MonkeyPatch, method: Method) -> list[Masks]:
    """Note the masks at the start of every iteration of `method`."""
    seen: list[Masks] = []
    score, steps = METHODS[method]

    def watched(network: nn.Module, masks: Masks, batches: list[Batch], settings: ScoreSettings) -> Scores:
        seen.append(dict(masks))
        return score(network, masks, batches, settings)

    monkeypatch.setitem(METHODS, method, (watched, steps))
    return seen


@given(st.integers(1, 10**6), st.data(), st.integers(1, 50), st.sampled_from(["exponential", "linear"]))
def test_schedules_fall_to_exactly_the_budget(total: int, data: st.DataObject, steps: int, schedule: Schedule) -> None:
    budget = data.draw(st.integers(0, total))
    kept = [kept_after(total, budget, step, steps, schedule) for step in range(1, steps + 1)]
    assert kept[-1] == budget
    assert all(total >= a >= b >= budget for a, b in pairwise([total, *kept]))


def test_schedules_are_those_of_the_papers() -> None:
    """SynFlow and FORCE: density P^(t/T); FORCE's linear option: 1 - t (1 - P) / T."""
    exponential = [kept_after(1_000_000, 1_000, step, 60) for step in (1, 20, 40)]
    assert exponential == [int(1e6 * 0.001 ** (step / 60)) for step in (1, 20, 40)]
    assert [kept_after(1000, 100, step, 9, "linear") for step in (1, 5, 9)] == [900, 500, 100]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("damping", [None, 0.2])
def test_every_method_keeps_exactly_the_budget(method: Method, damping: float | None) -> None:
    network = SmallResidual(damping=damping)
    for budget in (336, 100, 33):
        assert sum(layers(prune(network, method, budget, images(), iterations=3, forbid="nothing"))) == budget
    counts = allocate(network, 100)
    assert counts_of(prune(network, method, counts, images(), iterations=3, schedule="linear")) == counts


@pytest.mark.parametrize("method", METHODS)
def test_a_layer_without_a_count_stays_dense(method: Method) -> None:
    kept = counts_of(prune(SmallResidual(), method, {"branch.0": 7}, images(), iterations=2))
    assert kept == {"stem.0": 36, "branch.0": 7, "shortcut": 24, "classifier": 60}


def test_force_and_iter_snip_in_one_step_are_snip() -> None:
    network, batches = SmallResidual(damping=0.2), images(2)
    expected = prune(network, "snip", 100, batches)
    for method in ("force", "iter_snip"):
        assert equal(prune(network, method, 100, batches, iterations=1), expected)
        assert not equal(prune(network, method, 100, batches, iterations=10), expected)


@pytest.mark.parametrize("method", METHODS)
def test_masks_are_nested_and_only_force_lets_weights_return(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = watch(monkeypatch, method)
    seen.append(prune(mlp(), method, 2000, vectors(), iterations=8, forbid="nothing"))
    assert len(seen) == 9
    revived = sum(int((after[name] & ~before[name]).sum()) for before, after in pairwise(seen) for name in after)
    assert (revived > 0) == (method == "force")


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_synflow_in_100_iterations_reaches_the_largest_compression_there_is(seed: int) -> None:
    """Tanaka 2020, maximal critical compression: one weight in each of 6 layers is still a path."""
    assert layers(prune(mlp(seed=seed), "synflow", 6, vectors(size=1), forbid="empty_layer")) == [1] * 6


@pytest.mark.parametrize(
    ("iterations", "holds", "collapses"), [(1, 10**0.5, 10.0), (5, 10.0**2, 10.0**3), (20, 10**3.5, 10.0**4)]
)
def test_synflow_in_few_iterations_collapses(iterations: int, holds: float, collapses: float) -> None:
    network, batches = mlp(uniform=True), vectors(size=1)
    kept = prune(network, "synflow", int(MLP_WEIGHTS / holds), batches, iterations=iterations, forbid="empty_layer")
    assert min(layers(kept)) > 0
    with pytest.raises(DataError, match="more iterations"):
        prune(network, "synflow", int(MLP_WEIGHTS / collapses), batches, iterations=iterations)


@pytest.mark.parametrize(("method", "collapses"), [("magnitude", 10**1.5), ("snip", 100.0), ("grasp", 100.0)])
def test_one_shot_methods_lose_a_whole_layer(method: Method, collapses: float) -> None:
    network, budget = mlp(seed=2), int(MLP_WEIGHTS / collapses)
    assert min(layers(prune(network, method, MLP_WEIGHTS // 10, vectors()))) > 0
    with pytest.raises(DataError, match=f"{method} pruning left no path.*without any weight: 0"):
        prune(network, method, budget, vectors())
    allowed = layers(prune(network, method, budget, vectors(), forbid="nothing"))
    assert allowed[0] == 0
    assert sum(allowed) == budget


def test_force_collapses_where_iter_snip_does_not() -> None:
    assert min(layers(prune(mlp(), "iter_snip", 8, vectors()))) > 0
    with pytest.raises(DataError, match=r"all force scores are zero at step \d+"):
        prune(mlp(), "force", 8, vectors(), forbid="nothing")


def test_weights_that_do_not_meet_are_no_path() -> None:
    network, one_each = mlp((12, 10, 10, 8)), {"0": 1, "2": 1, "4": 1}
    with pytest.raises(DataError, match=r"random pruning left no path.*none"):
        prune(network, "random", one_each, vectors(inputs=12))
    assert counts_of(prune(network, "synflow", one_each, vectors(inputs=12))) == one_each


def test_an_empty_layer_beside_a_shortcut_is_an_error_only_where_asked() -> None:
    network = SmallResidual()
    counts = {"branch.0": 0}
    assert counts_of(prune(network, "random", counts, images()))["branch.0"] == 0
    with pytest.raises(DataError, match=r"no weight in branch\.0"):
        prune(network, "random", counts, images(), forbid="empty_layer")


@pytest.mark.parametrize("method", ["snip", "grasp", "force", "iter_snip", "synflow"])
@pytest.mark.parametrize("damping", [None, 0.1])
def test_a_network_that_starts_at_zero_is_an_error_that_says_what_to_do(method: Method, damping: float | None) -> None:
    network = AudioResNet(AudioResNetSettings(width=4))
    batches = [(draw((4, 1, 64, 64), 0), torch.arange(4))]
    initialise(network, "fixup", 0)
    if damping is not None:
        damp(network, damping)
    with pytest.raises(DataError, match="init=kaiming"):
        prune(network, method, 1000, batches, iterations=2)
    network = AudioResNet(AudioResNetSettings(width=4))
    initialise(network, "kaiming", 0)
    if damping is not None:
        damp(network, damping)
    assert sum(layers(prune(network, method, 1000, batches, iterations=2))) == 1000


@pytest.mark.parametrize("method", ["snip", "force", "synflow"])
def test_a_fixup_network_is_an_error(method: Method) -> None:
    with pytest.raises(DataError, match=f"all {method} scores are zero"):
        prune(FixupResNet(FixupSettings(depth=8)), method, 1000, [(draw((4, 3, 16, 16), 0), torch.arange(4))])


def test_magnitude_removes_layers_that_start_at_zero() -> None:
    network = AudioResNet(AudioResNetSettings(width=4))
    initialise(network, "fixup", 0)
    batches = [(draw((1, 1, 64, 64), 0), torch.zeros(1))]
    assert sum(layers(prune(network, "random", 1500, batches))) == 1500
    with pytest.raises(DataError, match=r"without any weight: .*classifier\.0"):
        prune(network, "magnitude", 1500, batches)


def test_scores_that_overflow_are_an_error_that_names_float64() -> None:
    network = mlp(gain=1e16)
    with pytest.raises(DataError, match="float64"):
        prune(network, "synflow", 100, vectors(size=1), settings=ScoreSettings(dtype=torch.float32))
    assert layers(prune(network, "synflow", 6, vectors(size=1))) == [1] * 6


def test_batches_are_drawn_anew_in_every_iteration_and_no_more_than_asked() -> None:
    drawn: list[int] = []

    class Loader:
        def __iter__(self) -> Any:
            for batch in vectors(3, size=20):
                drawn.append(len(batch[0]))
                yield batch

    prune(mlp(), "iter_snip", 50_000, Loader(), iterations=4, batches_per_step=2)
    assert len(drawn) == 8
    with pytest.raises(DataError, match="no batch"):
        prune(mlp(), "snip", 50_000, [])
    with pytest.raises(DataError, match=r"no batch.*step 2"):
        prune(mlp(), "iter_snip", 50_000, iter(vectors(2)), iterations=4)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("method", "best"),
        ("schedule", "step"),
        ("forbid", "all"),
        ("iterations", 0),
        ("budget", -1),
        ("budget", {"0": -1}),
    ],
)
def test_settings_are_checked(setting: str, value: object) -> None:
    settings: dict[str, Any] = {"network": mlp(), "method": "snip", "budget": 5, "batches": vectors(), setting: value}
    with pytest.raises(ConfigError, match=setting):
        prune(**settings)


def test_synflow_empties_the_projection_shortcuts_of_a_narrow_resnet50() -> None:
    network = ResNet(ResNet50Settings(width=8))
    initialise_kaiming(network, 0)
    kept = counts_of(prune(network, "synflow", 3691, [(torch.zeros(1, 3, 8, 8), torch.zeros(1))], iterations=20))
    assert {name for name, count in kept.items() if not count} == {name for name in kept if "shortcut" in name}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_synflow_on_resnet50_empties_exactly_the_four_projection_shortcuts() -> None:
    """Price 2021, Figure 5, at 1 %: the other 50 layers hold roughly equal counts."""
    network = ResNet(ResNet50Settings())
    initialise_kaiming(network, 0)
    example: list[tuple[Tensor, Tensor]] = [(torch.zeros(1, 3, 32, 32), torch.zeros(1))]
    dense = METHODS["synflow"][0](network, {}, example, ScoreSettings())
    assert math.log10(float(next(iter(dense.values())).sum())) == pytest.approx(71.7, abs=1)
    kept = counts_of(prune(network, "synflow", 234_677, example))
    empty = {name for name, count in kept.items() if not count}
    assert empty == {name for name in kept if "shortcut" in name}
    assert len(empty) == 4
    others = [count for name, count in kept.items() if name not in empty]
    assert max(others) < 3 * sorted(others)[len(others) // 2]
