"""Prune a network at initialisation: score, keep the best, and again until only the budget is left."""

from collections.abc import Iterable
from itertools import islice
from typing import Literal, get_args

import torch
from torch import nn

from common.errors import ConfigError, DataError
from models.prunable import Masks
from models.pruning.allocation import Counts, check_budget
from models.pruning.collapse import empty_layers, is_connected
from models.pruning.gradient_scores import force, grasp, snip
from models.pruning.masks import masks_from_scores
from models.pruning.scores import Batch, Score, Scores, ScoreSettings, magnitude, random, synflow
from models.pruning.trial import values_of

Method = Literal["random", "magnitude", "snip", "grasp", "force", "iter_snip", "synflow"]
Schedule = Literal["exponential", "linear"]
Forbidden = Literal["nothing", "no_path", "empty_layer"]

# What scores, and in how many iterations it does by default (Tanaka 2020; Price 2021, Table 3).
METHODS: dict[Method, tuple[Score, int]] = {
    "random": (random, 1),
    "magnitude": (magnitude, 1),
    "snip": (snip, 1),
    "grasp": (grasp, 1),
    "force": (force, 60),
    "iter_snip": (snip, 60),
    "synflow": (synflow, 100),
}


class PruningError(DataError):
    """A method leaves nothing to train: its scores tell no weight from another, or nothing is connected."""


def kept_after(total: int, budget: int, step: int, steps: int, schedule: Schedule = "exponential") -> int:
    """Return how many of `total` weights are kept after `step` of `steps`; exactly `budget` after the last.

    `exponential`: the density is (budget / total)^(step / steps); `linear`: it falls by equal amounts.
    """
    if schedule == "exponential":
        return max(budget, int(total * (budget / total) ** (step / steps)))
    return total - step * (total - budget) // steps


def _check_scores(scores: Scores, method: Method, step: int) -> None:
    broken = [name for name, score in scores.items() if not bool(score.isfinite().all())]
    if broken:
        raise DataError(
            f"{method} scores at step {step} are not finite in {', '.join(broken)}: check the weights and the batches, "
            "or score in float64 (dtype=torch.float64)"
        )
    if not any(bool(score.any()) for score in scores.values()):
        raise PruningError(
            f"every {method} score is zero at step {step}, so no weight can be told from another. Either layers start "
            "at zero, as the audio network's do at init=fixup: prune at init=kaiming; or what is kept by now no longer "
            "moves the output: keep more weights, use more iterations or another method"
        )


def _check_masks(network: nn.Module, masks: Masks, batch: Batch, method: Method, forbid: Forbidden) -> None:
    if forbid == "nothing":
        return
    empty = empty_layers(masks)
    if forbid == "empty_layer" and empty:
        raise PruningError(f"{method} pruning left no weight in {', '.join(empty)}: keep more weights or iterate more")
    if not is_connected(network, masks, batch[0]):
        raise PruningError(
            f"{method} pruning left no path from the network's input to its output (layers without any weight: "
            f"{', '.join(empty) or 'none'}): start from layers that are not zero (init=kaiming), keep more weights or "
            "iterate more; forbid='nothing' lets it pass"
        )


def prune(
    network: nn.Module,
    method: Method,
    budget: int | Counts,
    batches: Iterable[Batch],
    *,
    iterations: int | None = None,
    schedule: Schedule = "exponential",
    batches_per_step: int | None = None,
    settings: ScoreSettings | None = None,
    forbid: Forbidden = "no_path",
) -> Masks:
    """Return masks that keep exactly `budget` weights of `network`, which is left as it was.

    Parameters
    ----------
    budget
        Weights kept in all, ranked over the whole network; or layer name -> weights kept, ranked within each layer (a
        layer that is absent stays dense).
    batches
        Batches of (inputs, targets), gone through anew in every iteration: a list, or a loader that draws fresh ones.
        Random, magnitude and SynFlow only look at the shape of an input.
    iterations
        Scores are computed and weights removed this many times. Default: 1, 60 (FORCE, Iter-SNIP) or 100 (SynFlow).
    schedule
        How the number of kept weights falls over iterations, see `kept_after`.
    batches_per_step
        Use at most this many batches per iteration; None uses all.
    forbid
        What is an error: `no_path` from the input to the output (a network that cannot learn), `empty_layer` (also
        where a shortcut leads around it), or `nothing`.

    Returns
    -------
    Masks
        Once removed a weight stays so, except by FORCE.

    Raises
    ------
    ConfigError
        If a setting is not allowed, or a weight is not computed from one parameter of its own shape.
    DataError
        If there is no batch, or scores are not finite.
    PruningError
        If scores are all zero, at the start (zero-initialised layers) or because what is left no longer moves the
        output; or if what `forbid` names has happened.
    """
    choices = {"method": (method, Method), "schedule": (schedule, Schedule), "forbid": (forbid, Forbidden)}
    for field, (value, allowed) in choices.items():
        if value not in get_args(allowed):
            raise ConfigError(field, value, f"one of {', '.join(get_args(allowed))}")
    score, default_steps = METHODS[method]
    steps = default_steps if iterations is None else iterations
    if steps < 1:
        raise ConfigError("iterations", steps, "a whole number of at least 1")
    masks = {name: torch.ones(value.shape, dtype=torch.bool) for name, value in values_of(network).items()}
    sizes = {name: mask.numel() for name, mask in masks.items()}
    check_budget(sizes, budget)
    for step in range(1, steps + 1):
        drawn = list(islice(batches, batches_per_step))
        if not drawn:
            raise DataError(f"no batch to score {method} pruning with at step {step}: give a list or a loader")
        scores = score(network, masks, drawn, settings or ScoreSettings())
        _check_scores(scores, method, step)
        if method != "force":
            scores = {name: value.masked_fill(~masks[name], -torch.inf) for name, value in scores.items()}
        masks |= masks_from_scores(scores, _kept(sizes, budget, step, steps, schedule))
    _check_masks(network, masks, drawn[0], method, forbid)
    return masks


def _kept(sizes: Counts, budget: int | Counts, step: int, steps: int, schedule: Schedule) -> int | Counts:
    if isinstance(budget, int):
        return kept_after(sum(sizes.values()), budget, step, steps, schedule)
    return {name: kept_after(sizes[name], count, step, steps, schedule) for name, count in budget.items()}
