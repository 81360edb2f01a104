"""The network that a run on images starts from: architecture, initial weights, scheme of weights."""

from collections.abc import Iterable
from typing import cast, get_args

import torch
from torch import nn

from asc.images.description import ImageRun, ImageWeights
from common.errors import ConfigError
from models.prunable import Masks, prunable
from models.pruning.allocation import allocate
from models.pruning.masks import random_masks
from models.pruning.prune import Forbidden, prune
from models.pruning.scores import Batch, ScoreSettings
from models.vision.architectures import build
from models.vision.initialisation import Law, initialise_by_fan_in, initialise_kaiming
from models.vision.mlp import Mlp, initialise_mlp
from models.vision.named_initialisers import NamedInitialiser, initialise_named, initialise_truncated
from models.weights.bottleneck import lay_linear_bottleneck, linear_ranks
from models.weights.dct import fixup_alphas, lay_dct_plus_sparse
from models.weights.hyperplane import Projection, lay_hyperplane
from models.weights.sparse import lay_sparse


def build_network(run: ImageRun, batches: Iterable[Batch] = ()) -> nn.Module:
    """Return the network of `run`, initialised by its seed, its scheme of weights laid on.

    Parameters
    ----------
    batches
        What a pruning method scores with; others have no use for it.

    Raises
    ------
    ConfigError
        If a setting does not fit the network.
    DataError, PruningError
        As `models.pruning.prune.prune`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        network = build(run.network.architecture, **dict(run.network.size))
    _start(network, run.weights, run.seed)
    _lay(network, run, batches)
    return network


def _start(network: nn.Module, weights: ImageWeights, seed: int) -> None:
    start = weights.start
    if start == "kaiming":
        initialise_kaiming(network, seed)
    elif start in get_args(NamedInitialiser):
        initialise_named(network, cast(NamedInitialiser, start), seed)
    elif start == "truncated-normal":
        initialise_truncated(network, weights.sigma, seed)
    elif start == "student" or start.startswith("fan-in"):
        if not isinstance(network, Mlp):
            raise ConfigError("start", start, "for a perceptron only")
        if start == "student":
            initialise_mlp(network, weights.sigma, seed, weights.deviations)
        else:
            law: Law = "normal" if start == "fan-in-normal" else "uniform"
            initialise_by_fan_in(network, law, seed, parametrisation=network.settings.parametrisation)


def _lay(network: nn.Module, run: ImageRun, batches: Iterable[Batch]) -> None:
    weights = run.weights
    if weights.scheme in ("sparse", "dct"):
        # A layer that keeps everything is cheaper as it is; with the transform each has its own.
        masks = choose_masks(network, run, batches)
        if weights.scheme == "dct":
            published = weights.scale == "fixup-published"
            alphas = 1.0 if weights.scale == "one" else fixup_alphas(network, published=published)
            lay_dct_plus_sparse(network, masks, alpha=alphas)
        else:
            some = {name: mask for name, mask in masks.items() if not mask.all()}
            lay_sparse(network, some, mask_init=weights.mask_init)
    elif weights.scheme == "bottleneck":
        lay_linear_bottleneck(network, bottleneck_ranks(run))
    elif weights.scheme.startswith("hyperplane"):
        kind = cast(Projection, weights.scheme.removeprefix("hyperplane-"))
        lay_hyperplane(network, cast(int, weights.dimension), kind=kind, seed=run.seed)


def bottleneck_ranks(run: ImageRun) -> dict[str, int]:
    """Return the rank of every layer of a run whose scheme is `bottleneck`."""
    base_width = cast(int, run.weights.base_width)
    with torch.device("meta"):
        unwidened = build(run.network.architecture, **dict(run.network.size) | {"width": base_width})
    return linear_ranks(unwidened, run.network.width / base_width)


def choose_masks(
    network: nn.Module, run: ImageRun, batches: Iterable[Batch] = (), *, forbid: Forbidden = "no_path"
) -> Masks:
    """Return which weights of `network` the run keeps; parameters and errors are those of `models.pruning.prune`."""
    weights, layers = run.weights, prunable(network)
    if len(weights.kept) not in (1, len(layers)):
        raise ConfigError("kept", weights.kept, f"one number in all, or one for each of {', '.join(layers)}")
    total = weights.kept[0] if len(weights.kept) == 1 else None
    by_layer = dict(zip(layers, weights.kept, strict=True)) if total is None else None
    if weights.pruning is not None:
        return prune(
            network,
            weights.pruning,
            by_layer or total or 0,
            batches,
            iterations=weights.iterations,
            settings=ScoreSettings(loss=weights.scoring_loss, seed=run.seed),
            forbid=forbid,
        )
    counts = by_layer or allocate(network, total or 0, weights.allocation)
    return random_masks(network, counts, run.seed, io_only=weights.io_only)
