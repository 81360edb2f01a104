"""Masks of networks of published size before training, computed once and kept in files."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import nn

from asc.images.batches import ImageBatches, load
from asc.images.description import ImageRun, ImageWeights
from asc.images.networks import build_network, choose_masks
from common.errors import ConfigError
from common.files import atomic_path
from common.identity import digest
from data_prep.images.sets import ImageSetName, LabelledSet
from models.prunable import Masks
from models.pruning.allocation import ALLOCATIONS, Counts
from models.pruning.masks import counts_of
from models.pruning.prune import PruningError
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


def images_of(run: ImageRun, options: StartOptions) -> LabelledSet:
    """Return the set that `run` is on.

    Raises
    ------
    ConfigError, DataError
        If it is not in `--data`, or there is no such folder.
    """
    if options.data is None:
        raise ConfigError("data", None, f"the folder of {run.data.name}, which this figure looks at")
    return load(cast(ImageSetName, run.data.name), options.data, download=options.download)


def examples_of(run: ImageRun, options: StartOptions) -> ImageBatches:
    """Return the examples as `run` sees them; errors are those of `images_of`."""
    return ImageBatches(run, images_of(run, options), torch.device("cpu"))


def _is_blind(run: ImageRun) -> bool:
    """Whether what scores weights looks at no example."""
    return run.weights.pruning in ("synflow", "magnitude", "random")


def _dense(run: ImageRun) -> nn.Module:
    """Return the network of `run` as it starts before anything is pruned."""
    return build_network(replace(run, weights=ImageWeights(start=run.weights.start)))


def masks_of_run(run: ImageRun, options: StartOptions) -> Masks:
    """Return what a pruning method leaves of the network of `run`; layers may be cut off from each other.

    Raises
    ------
    PruningError
        If it cannot tell weights from each other; this too is kept.
    ConfigError, DataError
        As `images_of`, where the method scores with examples.
    """
    seen = None
    if not _is_blind(run):
        seen = replace(run.data, identity=images_of(run, options).identity), run.training.batch_size
    identity = digest({"network": run.network, "weights": run.weights, "seed": run.seed, "seen": seen})
    name = f"price2021-masks-{run.network.architecture}-{run.weights.pruning}-{identity[:12]}.safetensors"
    path = options.runs / name
    if not path.is_file():
        _find(run, options, path)
    with safe_open(path, framework="pt") as file:
        if failure := (file.metadata() or {}).get("failure"):
            raise PruningError(failure)
        masks = {}
        for layer, shape in weight_shapes(run.network).items():
            masks[layer] = torch.zeros(shape, dtype=torch.bool)
            masks[layer].view(-1)[file.get_tensor(layer).long()] = True
    return masks


def _find(run: ImageRun, options: StartOptions, path: Path) -> None:
    side = _SIDES.get(run.data.name, 32)
    example = [(torch.zeros(1, 3, side, side), torch.zeros(1))]
    batches = example if _is_blind(run) else examples_of(run, options).scoring(run)
    metadata, kept = {}, {}
    try:
        masks = choose_masks(_dense(run), run, batches, forbid="nothing")
        kept = {layer: mask.flatten().nonzero()[:, 0].int() for layer, mask in masks.items()}
    except PruningError as error:
        metadata["failure"] = str(error)
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(kept, metadata))


def counts_of_run(run: ImageRun, options: StartOptions) -> Counts:
    """Return how many weights each layer of the network of `run` keeps; errors are those of `masks_of_run`."""
    shapes, kept = weight_shapes(run.network), run.weights.kept
    if run.weights.pruning is not None:
        return counts_of(masks_of_run(run, options))
    if len(kept) > 1:
        return dict(zip(shapes, kept, strict=True))
    return ALLOCATIONS[run.weights.allocation](shapes, kept[0])


def network_at_start(run: ImageRun, options: StartOptions) -> nn.Module:
    """Return the network that `run` starts from; errors are those of `masks_of_run`."""
    if run.weights.pruning is None:
        return build_network(run)
    network = _dense(run)
    lay_sparse(network, masks_of_run(run, options))
    return network
