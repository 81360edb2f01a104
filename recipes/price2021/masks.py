"""Masks of networks of published size before training, computed once and kept in files."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import nn

from asc.images.task import ImageTask, load
from asc.kept import Arrays, kept_arrays
from asc.networks import build_network, initial_network
from asc.run import Run
from common.errors import ConfigError
from common.identity import digest
from data_prep.images.sets import ImageSetName, LabelledSet
from models.prunable import Masks
from models.pruning.allocation import ALLOCATIONS, Counts
from models.pruning.masks import counts_of
from models.pruning.prune import PruningError
from models.weights.pruned import PrunedAtStart
from models.weights.scheme import KeepsRandomWeights, Laying
from models.weights.schemes import find_scheme
from models.weights.sparse import lay_sparse
from recipes.options import FigureOptions
from recipes.price2021.grids import SCALES
from recipes.price2021.methods import Variants, weight_shapes

_SIDES = {"tiny-imagenet": 64}  # of images, 32 of the others


@dataclass(frozen=True, kw_only=True)
class StartOptions(Variants, FigureOptions):
    """Options of the figures of networks before training, which have the published sizes."""

    data: Path | None
    """Folder of image sets, for methods that score weights with examples."""
    runs: Path
    """Folder where masks and spectra are kept."""
    download: bool = False
    """Download missing image sets."""
    densities: tuple[float, ...] = SCALES["paper"].densities
    """Shares of the weights that are kept."""


def images_of(run: Run, options: StartOptions) -> LabelledSet:
    """Return the set that `run` is on.

    Raises
    ------
    ConfigError, DataError
        If it is not in `--data`, or there is no such folder.
    """
    if options.data is None:
        raise ConfigError("data", None, f"the folder of {run.data.name}, which this figure looks at")
    return load(cast(ImageSetName, run.data.name), options.data, download=options.download)


def examples_of(run: Run, options: StartOptions) -> ImageTask:
    """Return the examples as `run` sees them; errors are those of `images_of`."""
    return ImageTask(run, images_of(run, options), torch.device("cpu"))


def _pruned(run: Run) -> PrunedAtStart | None:
    """Return the run's scheme of pruning at initialisation, if it has one."""
    found = find_scheme(run.weights, PrunedAtStart)
    return found if isinstance(found, PrunedAtStart) else None


def _is_blind(scheme: PrunedAtStart) -> bool:
    """Return whether a score uses no examples."""
    return scheme.method in ("synflow", "magnitude", "random")


def masks_of_run(run: Run, options: StartOptions) -> Masks:
    """Return the masks of a pruning method for the network of `run`, which may be disconnected.

    Raises
    ------
    PruningError
        If the method cannot rank weights; this result is cached as well.
    ConfigError, DataError
        As `images_of`, where the method scores with examples.
    """
    seen, scheme = None, _pruned(run)
    assert scheme is not None  # noqa: S101 - asked of pruned runs only
    if not _is_blind(scheme):
        seen = replace(run.data, identity=images_of(run, options).identity), run.training.batch_size
    identity = digest(
        {"network": run.network, "start": run.start, "weights": run.weights, "seed": run.seed, "seen": seen}
    )
    name = f"price2021-masks-{run.network.kind}-{scheme.method}-{identity[:12]}.npz"
    found = kept_arrays(options.runs / name, partial(_find, run, scheme, options))
    if "failure" in found:
        raise PruningError(str(found["failure"]))
    masks = {layer: torch.zeros(shape, dtype=torch.bool) for layer, shape in weight_shapes(run.network).items()}
    for layer, mask in masks.items():
        mask.view(-1)[torch.from_numpy(found[layer]).long()] = True
    return masks


def _find(run: Run, scheme: PrunedAtStart, options: StartOptions) -> Arrays:
    """Return the kept positions of each layer, or the reason why pruning failed."""
    side = _SIDES.get(run.data.name, 32)
    example = [(torch.zeros(1, 3, side, side), torch.zeros(1))]
    batches = example if _is_blind(scheme) else examples_of(run, options).scored(run)
    try:
        laying = Laying(settings=run.network, seed=run.seed, batches=batches)
        masks = scheme.masks(initial_network(run), laying, forbid="nothing")
    except PruningError as error:
        return {"failure": np.array(str(error))}
    return {layer: mask.flatten().nonzero()[:, 0].int().numpy() for layer, mask in masks.items()}


def counts_of_run(run: Run, options: StartOptions) -> Counts:
    """Return how many weights each layer of the network of `run` keeps; errors are those of `masks_of_run`."""
    if _pruned(run) is not None:
        return counts_of(masks_of_run(run, options))
    shapes, scheme = weight_shapes(run.network), find_scheme(run.weights, KeepsRandomWeights)
    assert isinstance(scheme, KeepsRandomWeights)  # noqa: S101 - asked of sparse runs only
    kept = scheme.budget(run.network)
    if len(kept) > 1:
        return dict(zip(shapes, kept, strict=True))
    return ALLOCATIONS[scheme.allocation](shapes, kept[0])


def network_at_start(run: Run, options: StartOptions) -> nn.Module:
    """Return the network that `run` starts from; errors are those of `masks_of_run`."""
    if _pruned(run) is None:
        return build_network(run)
    network = initial_network(run)
    lay_sparse(network, masks_of_run(run, options))
    return network
