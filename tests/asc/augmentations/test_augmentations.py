"""Batch augmentations: laws of their draws, and that processes that share a batch do together what one does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from asc.augmentations.augmentation import (
    PARTNER,
    PLACE,
    Augmentation,
    Batch,
    Draws,
    Stage,
    apply_stage,
    check_augmentations,
    draw_all,
    share_of,
)
from asc.augmentations.mixup import Mixup
from asc.augmentations.registry import AUGMENTATIONS
from asc.augmentations.rolling import RolledFrames, RolledWaveforms
from asc.batches import batch_generator, process_share
from asc.training_settings import TrainingSettings
from common.errors import ConfigError
from common.identity import from_plain, plain

SIZE = 8


@dataclass(frozen=True, kw_only=True)
class Borrowed(Augmentation, kind="test-borrowed"):
    """Each example takes a third of another's values, and a gain; no label is mixed."""

    stage: ClassVar[Stage] = "spectrogram"

    def draw(self, generator: np.random.Generator, size: int) -> Draws:
        gain = generator.uniform(1, 2, size).astype(np.float32)
        return {PARTNER: generator.integers(0, size, size), "gain": gain}

    def apply(self, batch: Batch, draws: Mapping[str, Tensor]) -> Batch:
        mine, other = batch.inputs[draws[PLACE]], batch.inputs[draws[PARTNER]]
        gained = (mine + other / 3) * draws["gain"][:, None, None]
        return batch._replace(inputs=gained, labels=batch.labels[draws[PLACE]])


@dataclass(frozen=True, kw_only=True)
class BorrowedAgain(Borrowed, kind="test-borrowed-again"):
    """The same once more, on the network's inputs."""

    stage: ClassVar[Stage] = "input"


CHAINS: dict[str, tuple[Augmentation, ...]] = {
    "none": (),
    "rolled": (RolledFrames(reach=3),),
    "mixed": (Mixup(),),
    "rolled, mixed": (RolledFrames(reach=3), Mixup()),
    "two partners": (Borrowed(), Mixup()),
    "two partners, rolled between": (Borrowed(), RolledFrames(reach=3), Mixup()),
    "three partners, rolled first": (RolledFrames(reach=3), Borrowed(), BorrowedAgain(), Mixup()),
}


def drawn_for(chain: Sequence[Augmentation], epoch: int = 0) -> list[Draws]:
    return draw_all(chain, batch_generator(0, epoch, 1), SIZE)


def shared(chain: Sequence[Augmentation], wanted: NDArray[np.int64]) -> Batch:
    """Augment the examples at these places of a batch, having loaded only those that are needed."""
    needed, draws = share_of(drawn_for(chain), wanted)
    inputs = torch.randn(SIZE, 2, 7, generator=torch.Generator().manual_seed(1))[torch.from_numpy(needed)]
    batch = Batch(inputs, torch.from_numpy(100 + needed))
    tensors = [{name: torch.from_numpy(np.asarray(value)) for name, value in one.items()} for one in draws]
    for stage in ("spectrogram", "input"):
        batch = apply_stage(stage, chain, tensors, batch)
    return batch


def joined(parts: Sequence[Batch]) -> Batch:
    return Batch(*(None if values[0] is None else torch.cat(values) for values in zip(*parts, strict=True)))  # type: ignore[arg-type]


@pytest.mark.parametrize("world", [2, 4, 8])
@pytest.mark.parametrize("name", CHAINS)
def test_processes_together_do_what_one_does(name: str, world: int) -> None:
    chain = CHAINS[name]
    whole = shared(chain, np.arange(SIZE))
    together = joined([shared(chain, process_share(SIZE, world, rank)) for rank in range(world)])
    for ours, theirs in zip(together, whole, strict=True):
        assert (ours is None and theirs is None) or torch.equal(ours, theirs)  # type: ignore[arg-type]


def test_a_whole_batch_is_augmented_in_order() -> None:
    """Two augmentations with partners, against their formulas on the whole batch."""
    chain = CHAINS["two partners, rolled between"]
    first, second, third = drawn_for(chain)
    x = torch.randn(SIZE, 2, 7, generator=torch.Generator().manual_seed(1)).numpy()
    x = (x + x[first[PARTNER]] / 3) * first["gain"][:, None, None]
    x = np.stack([np.roll(clip, shift, axis=-1) for clip, shift in zip(x, second["shift"], strict=True)])
    weight = third["weight"][:, None, None]
    x = weight * x + (1 - weight) * x[third[PARTNER]]
    found = shared(chain, np.arange(SIZE))
    np.testing.assert_allclose(found.inputs.numpy(), x, rtol=1e-5, atol=1e-6)
    assert found.labels.tolist() == list(range(100, 100 + SIZE))
    assert found.others is not None
    assert found.others.tolist() == (100 + third[PARTNER]).tolist()


def test_only_what_a_process_needs_is_loaded() -> None:
    mine = process_share(SIZE, 4, 1)
    assert share_of(drawn_for(CHAINS["rolled"]), mine)[0].tolist() == [2, 3]
    draws = drawn_for((Mixup(),))
    needed, _ = share_of(draws, mine)
    assert set(needed) == {2, 3, *draws[0][PARTNER][mine].tolist()}


def test_draws_are_decided_by_seed_epoch_and_step_alone() -> None:
    keys = [(seed, epoch, step) for seed in range(2) for epoch in range(2) for step in range(2)]
    drawn = {key: draw_all((Mixup(),), batch_generator(*key), SIZE)[0]["weight"] for key in keys}
    assert len({tuple(weights) for weights in drawn.values()}) == len(keys)
    assert np.array_equal(drawn[1, 0, 1], draw_all((Mixup(),), batch_generator(1, 0, 1), SIZE)[0]["weight"])


def test_mixup_weights_follow_the_folded_beta() -> None:
    weights = np.concatenate([drawn_for((Mixup(),), epoch)[0]["weight"] for epoch in range(500)])
    assert weights.min() >= 0.5

    def folded(x: np.ndarray) -> np.ndarray:
        return stats.beta.cdf(x, 0.3, 0.3) - stats.beta.cdf(1 - x, 0.3, 0.3)

    assert stats.kstest(weights, folded).pvalue > 1e-3


@given(size=st.integers(1, 40))
def test_every_example_is_mixed_once_as_first_and_once_as_second(size: int) -> None:
    _, (draws,) = share_of(draw_all((Mixup(),), batch_generator(0, 0, 0), size), np.arange(size))
    assert sorted(draws[PLACE]) == sorted(draws[PARTNER]) == list(range(size))


@pytest.mark.parametrize("rolled", [RolledWaveforms(reach=4000), RolledFrames(reach=8)])
def test_shifts_are_uniform_to_either_side(rolled: RolledFrames | RolledWaveforms) -> None:
    shifts = np.concatenate([drawn_for((rolled,), epoch)[0]["shift"] for epoch in range(400)])
    assert abs(shifts).max() <= rolled.reach
    cells = np.histogram(shifts, bins=17, range=(-rolled.reach - 0.5, rolled.reach + 0.5))[0]
    assert stats.chisquare(cells).pvalue > 1e-3


def test_a_reach_of_zero_rolls_nothing() -> None:
    assert not drawn_for((RolledFrames(reach=0),))[0]["shift"].any()


@pytest.mark.parametrize(
    ("chain", "said"),
    [
        ((Mixup(), Mixup(alpha=0.5)), "mixup, mixup.*each augmentation once"),
        ((RolledFrames(), RolledWaveforms()), "in the order of their stages: waveform, spectrogram, input"),
        ((Mixup(), RolledFrames()), "in the order of their stages"),
    ],
)
def test_augmentations_that_do_not_go_together_say_why(chain: tuple[Augmentation, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=f"augmentations = .*{said}"):
        check_augmentations(chain)
    with pytest.raises(ConfigError, match="augmentations"):
        TrainingSettings(augmentations=chain)


def test_only_one_augmentation_mixes_labels() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Mixed(Mixup, kind="test-mixed"):
        """Mixup by another name."""

    with pytest.raises(ConfigError, match="at most one that mixes labels"):
        check_augmentations([Mixup(), Mixed()])


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        (Mixup, {"alpha": 0.0}, "alpha"),
        (Mixup, {"alpha": -1.0}, "alpha"),
        (Mixup, {"alpha": float("nan")}, "alpha"),
        (RolledFrames, {"reach": -1}, "reach"),
        (RolledWaveforms, {"reach": -1}, "reach"),
    ],
)
def test_bad_values_are_named(kind: Any, values: dict[str, float], field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        kind(**values)


def test_every_augmentation_reads_back_and_goes_with_the_others_in_order() -> None:
    check_augmentations(CHAINS["three partners, rolled first"])
    check_augmentations([RolledWaveforms(), RolledFrames(), Mixup()])
    for kind in AUGMENTATIONS:
        assert from_plain(Augmentation, plain(kind())) == kind()
