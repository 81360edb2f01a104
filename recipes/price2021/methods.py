"""The methods that Price and Tanner 2021 compare, as the weights that a network starts from and trains."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from data_prep.images.sets import ImageSetName
from models.counts import network_counts
from models.initialisation import Start
from models.network import NetworkSettings
from models.pruning.allocation import AllocationName, Shapes, sizes_of
from models.pruning.prune import Method
from models.pruning.published import epf_published, epl_published
from models.pruning.scores import Loss
from models.vision.fixup import FixupSettings
from models.weights.dct import DctSparsity, Scale
from models.weights.pruned import PrunedAtStart
from models.weights.scheme import Scheme
from models.weights.sparse import StaticSparsity

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
FILTERS: tuple[Series, ...] = ("DCTpS", "DCTpS (EPF)")
RANDOM: tuple[Series, ...] = ("DCTpS", "Sparse (EPL)", "Sparse (uniform)")

# What the paper calls FORCE is what its authors call Iter-SNIP now: a weight that is removed does not come back.
_SCORES: Mapping[Series, Method] = {"FORCE": "iter_snip", "SynFlow": "synflow", "SNIP": "snip", "GraSP": "grasp"}
_ALLOCATIONS: Mapping[Series, AllocationName] = {
    "DCTpS": "equal_per_layer",
    "DCTpS (EPF)": "equal_per_filter",
    "Sparse (EPL)": "equal_per_layer",
    "Sparse (uniform)": "uniform",
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


def weight_shapes(network: NetworkSettings) -> Shapes:
    """Return the shape of every weight that can be pruned, by layer name, in order."""
    return network_counts(network).shapes


def kept_by(series: Series, shapes: Shapes, density: float | Fraction, variants: Variants) -> tuple[int, ...]:
    """Return how many weights are kept in all; by each layer where the public code loses some.

    Where every layer has the same density each is rounded down, as there: that can cut a network in two.
    """
    sizes = sizes_of(shapes)
    if series == "Sparse (uniform)":
        return tuple(int(density * size) for size in sizes.values())
    budget = int(density * sum(sizes.values()))
    published = _PUBLISHED.get(_ALLOCATIONS.get(series, ""))
    if variants.allocation == "published" and published is not None:
        return tuple(published(shapes, budget).values())
    return (budget,)


def _examples(series: Series, data: ImageSetName, batch_size: int) -> int:
    """Return the number of examples for a method's scores; SynFlow uses only the shape of one."""
    examples = {
        "FORCE": _FORCE_BATCHES[data] * batch_size,
        "SNIP": batch_size,
        "GraSP": _GRASP_EXAMPLES * CLASSES[data],
    }
    return examples.get(series, 1)


def start_of(network: NetworkSettings) -> Start:
    """Return the initialisation of a network: the default for a Fixup ResNet, which is Fixup."""
    return Start(init="torch" if isinstance(network, FixupSettings) else "kaiming")


def weights_of(
    series: Series,
    network: NetworkSettings,
    density: float | Fraction,
    data: ImageSetName,
    batch_size: int,
    variants: Variants,
) -> tuple[Scheme, ...]:
    """Return the weight schemes of a network of a series.

    Parameters
    ----------
    density
        Share of the weights of convolutions and linear layers that is trained.
    data, batch_size
        Examples that a method with a score scores weights on.
    """
    if series == "dense":
        return ()
    kept = kept_by(series, weight_shapes(network), density, variants)
    if series in _SCORES:
        loss: Loss = variants.force_loss if series == "FORCE" else "cross_entropy"
        examples = _examples(series, data, batch_size)
        return (PrunedAtStart(kept=kept, method=_SCORES[series], examples=examples, scoring_loss=loss),)
    if series.startswith("DCTpS"):
        scale: Scale = variants.fixup_scale if isinstance(network, FixupSettings) else "one"
        return (DctSparsity(kept=kept, allocation=_ALLOCATIONS[series], scale=scale),)
    return (StaticSparsity(kept=kept, allocation=_ALLOCATIONS[series]),)
