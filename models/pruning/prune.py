"""Pruning at initialisation: score the weights and keep the best, in one or more iterations."""

from collections.abc import Iterable
from itertools import islice
from typing import Literal

import torch
from torch import nn

from common.errors import ConfigError, DataError, check_choice
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

# Score function and default number of iterations of each method (Tanaka 2020; Price 2021, Table 3).
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
    """Pruning left no trainable network: all scores are zero, or no path connects input and output."""


def kept_after(total: int, budget: int, step: int, steps: int, schedule: Schedule = "exponential") -> int:
    """Return the number of `total` weights that are kept after `step` of `steps`; `budget` after the last.

    `exponential`: the density is (budget / total)^(step / steps); `linear`: it decreases by equal amounts.
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
            f"all {method} scores are zero at step {step}, so weights cannot be ranked. Either layers start at zero, "
            "as those of the audio network do with init=fixup: prune with init=kaiming. Or the kept weights no longer "
            "affect the output: keep more weights, use more iterations or another method"
        )


def _check_masks(network: nn.Module, masks: Masks, batch: Batch, method: Method, forbid: Forbidden) -> None:
    if forbid == "nothing":
        return
    empty = empty_layers(masks)
    if forbid == "empty_layer" and empty:
        names = ", ".join(empty)
        raise PruningError(f"{method} pruning left no weight in {names}: keep more weights or use more iterations")
    if not is_connected(network, masks, batch[0]):
        raise PruningError(
            f"{method} pruning left no path from the network's input to its output (layers without any weight: "
            f"{', '.join(empty) or 'none'}): start from layers that are not zero (init=kaiming), keep more weights or "
            "use more iterations; forbid='nothing' accepts it"
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
    """Return masks that keep exactly `budget` weights of `network`, which is not changed.

    Parameters
    ----------
    method
        The score, see `METHODS`.
    budget
        Number of weights kept in total, ranked over the whole network; or layer name -> number of weights kept, ranked
        within each layer (layers without a number stay dense).
    batches
        Batches of (inputs, targets), iterated once per iteration: a list or a data loader. Random, magnitude and
        SynFlow use only the shape of an input.
    iterations
        Number of rounds of scoring and removal. Default: 1, 60 (FORCE, Iter-SNIP) or 100 (SynFlow).
    schedule
        Number of kept weights after each iteration, see `kept_after`.
    batches_per_step
        Use at most this many batches per iteration; None uses all.
    settings
        How scores are computed.
    forbid
        Results that raise an error: `no_path` from the input to the output (the network cannot learn), `empty_layer`
        (even beside a shortcut), or `nothing`.

    Returns
    -------
    Masks
        On the CPU. Removed weights stay removed in later iterations, except with FORCE.

    Raises
    ------
    ConfigError
        If a setting is not allowed, or a weight is not computed from one parameter of its own shape.
    DataError
        If there is no batch, or scores are not finite.
    PruningError
        If all scores are zero, because layers are initialised with zeros or the kept weights no longer affect the
        output; or for a result that `forbid` names.

    Examples
    --------
    >>> from models.registry import build, network_settings
    >>> network = build(network_settings("mlp", inputs=64, classes=4))
    >>> batch = (torch.randn(8, 64), torch.randint(4, (8,)))
    >>> masks = prune(network, "snip", budget=500, batches=[batch])
    >>> sum(int(mask.sum()) for mask in masks.values())
    500
    """
    for field, value, kind in (
        ("method", method, Method),
        ("schedule", schedule, Schedule),
        ("forbid", forbid, Forbidden),
    ):
        check_choice(field, value, kind)
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
            raise DataError(f"{method} pruning has no batch at step {step}: pass a list or a data loader")
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
