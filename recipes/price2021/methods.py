"""The methods that Price and Tanner 2021 compare, as the weights that a network starts from and trains."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from asc.images.description import ImageNetwork, ImageWeights
from data_prep.images.sets import ImageSetName
from models.pruning.allocation import Shapes, sizes_of
from models.pruning.published import epf_published, epl_published
from models.pruning.scores import Loss
from recipes.image_cost import counts_of

Series = Literal[
    "DCTpS",
    "DCTpS (EPF)",
    "Hyperplane",
    "FORCE",
    "SynFlow",
    "SNIP",
    "GraSP",
    "Sparse (EPL)",
    "Sparse (uniform)",
    "dense",
]
# What most figures compare; the last two and DCTpS choose weights at random.
COMPARED: tuple[Series, ...] = ("DCTpS", "FORCE", "SynFlow", "Sparse (EPL)", "Sparse (uniform)")
WITHOUT_SYNFLOW: tuple[Series, ...] = ("DCTpS", "FORCE", "Sparse (EPL)", "Sparse (uniform)")
RANDOM: tuple[Series, ...] = ("DCTpS", "Sparse (EPL)", "Sparse (uniform)")
FILTERS: tuple[Series, ...] = ("DCTpS", "DCTpS (EPF)")

# What the paper calls FORCE is what its authors call Iter-SNIP now: a weight that is removed does not come back.
_METHODS: Mapping[Series, Mapping[str, Any]] = {
    "DCTpS": {"scheme": "dct", "allocation": "equal_per_layer"},
    "DCTpS (EPF)": {"scheme": "dct", "allocation": "equal_per_filter"},
    "FORCE": {"scheme": "sparse", "pruning": "iter_snip"},
    "SynFlow": {"scheme": "sparse", "pruning": "synflow"},
    "SNIP": {"scheme": "sparse", "pruning": "snip"},
    "GraSP": {"scheme": "sparse", "pruning": "grasp"},
    "Sparse (EPL)": {"scheme": "sparse", "allocation": "equal_per_layer"},
    "Sparse (uniform)": {"scheme": "sparse", "allocation": "uniform"},
    "dense": {},
}
CLASSES: Mapping[ImageSetName, int] = {"cifar10": 10, "cifar100": 100, "tiny-imagenet": 200}
# Table 3: batches that FORCE scores with at each of its 60 steps.
_FORCE_BATCHES: Mapping[str, int] = {"cifar10": 1, "cifar100": 10, "tiny-imagenet": 20}
_GRASP_EXAMPLES = 10  # of each class
_PUBLISHED = {"equal_per_layer": epl_published, "equal_per_filter": epf_published}


@dataclass(frozen=True, kw_only=True)
class Variants:
    """Options where the public code differs from the paper."""

    allocation: Literal["exact", "published"] = "exact"
    """Which layers get the weights that do not fit into layers smaller than their share. `exact`: all others;
    `published`: the last one, as in the public code, which loses the rest (all, if filters have equally many)."""
    force_loss: Loss = "cross_entropy"
    """Loss whose gradients FORCE uses; its public code has minus the target's logit."""
    fixup_scale: Literal["fixup", "fixup-published"] = "fixup"
    """Scales of a Fixup ResNet's transforms: ratios of norms, or their square roots as in the public code."""


def weight_shapes(network: ImageNetwork) -> Shapes:
    """Return the shape of every weight that can be pruned, by layer name, in order."""
    return counts_of(network).shapes


def kept_by(series: Series, shapes: Shapes, density: float | Fraction, variants: Variants) -> tuple[int, ...]:
    """Return how many weights are kept in all; by each layer where the public code loses some.

    Where every layer has the same density each is rounded down, as there: that can cut a network in two.
    """
    sizes = sizes_of(shapes)
    if series == "Sparse (uniform)":
        return tuple(int(density * size) for size in sizes.values())
    budget = int(density * sum(sizes.values()))
    published = _PUBLISHED.get(_METHODS[series].get("allocation", ""))
    if variants.allocation == "published" and published is not None:
        return tuple(published(shapes, budget).values())
    return (budget,)


def _examples(series: Series, data: ImageSetName, batch_size: int) -> int:
    """Return how many examples a method scores with; SynFlow looks only at the shape of one."""
    examples = {
        "FORCE": _FORCE_BATCHES[data] * batch_size,
        "SNIP": batch_size,
        "GraSP": _GRASP_EXAMPLES * CLASSES[data],
    }
    return examples.get(series, 1)


def weights_of(
    series: Series,
    network: ImageNetwork,
    density: float | Fraction,
    data: ImageSetName,
    batch_size: int,
    variants: Variants,
) -> ImageWeights:
    """Return how a network of a series starts, and which of its weights it trains.

    Parameters
    ----------
    density
        Share of the weights of convolutions and linear layers that is trained.
    data, batch_size
        What a method scores weights on that has a score.
    """
    fixup = network.architecture == "fixup-resnet110"
    method = dict(_METHODS[series])
    if method:
        method["kept"] = kept_by(series, weight_shapes(network), density, variants)
    if "pruning" in method:
        method["examples"] = _examples(series, data, batch_size)
    if series == "FORCE":
        method["scoring_loss"] = variants.force_loss
    if fixup and method.get("scheme") == "dct":
        method["scale"] = variants.fixup_scale
    # A Fixup ResNet's own start is what Fixup is.
    return ImageWeights(start="torch" if fixup else "kaiming", **method)
