"""Figures 7 to 16: effective receptive fields of a few trained networks. What they share is here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asc.description import Sparsity
from evaluation.erf import Layer
from recipes.command import Recipe
from recipes.koutini2021.grids import (
    DEPTH_WIDTH,
    NARROW_AND_WIDE,
    SHALLOW_AND_DEEP,
    one_network,
    sparse_and_dense,
)
from recipes.points import Point
from recipes.receptive_fields import receptive_fields
from recipes.scenes import SceneOptions


@dataclass(frozen=True, kw_only=True)
class MapOptions(SceneOptions):
    """Draw effective receptive fields over the unseen test clips."""

    layer: Layer = "features"
    """Which layer is the penultimate one: the last block's output, or the class map before pooling."""


@dataclass(frozen=True, kw_only=True)
class DepthOptions(MapOptions):
    """Draw effective receptive fields by pointwise depth."""

    pointwise_depths: tuple[int, ...] = ()
    """Pointwise depths K (default: the preset's)."""


@dataclass(frozen=True, kw_only=True)
class WidthOptions(MapOptions):
    """Draw effective receptive fields by width."""

    widths: tuple[int, ...] = ()
    """Widths W (default: the preset's)."""


def map_recipe(
    name: str, options: type[MapOptions], points: Callable[[Any], list[Point]], span: int | None = None
) -> Recipe:
    """Return the recipe of one figure of maps; `span` is how many mel bands and frames it shows."""
    return Recipe(
        name=name,
        options=options,
        points=points,
        draw=lambda options, trained: receptive_fields(trained, layer=options.layer, span=span),
    )


def by_pointwise_depth(name: str, *, damped: bool) -> Recipe:
    """Return the recipe of Figure 9 or 10: no pointwise blocks, and many."""

    def points(options: DepthOptions) -> list[Point]:
        depths, width = options.pointwise_depths or SHALLOW_AND_DEEP[options.preset], DEPTH_WIDTH[options.preset]
        return [one_network(damped=damped, width=width, pointwise_depth=k) for k in depths]

    return map_recipe(name, DepthOptions, points)


def by_sparse_width(name: str, method: Sparsity, *, damped: bool) -> Recipe:
    """Return the recipe of Figure 13, 14, 15 or 16: narrow, and wide at the same number of weights."""

    def points(options: WidthOptions) -> list[Point]:
        return sparse_and_dense(options.preset, options.widths, method, damped=damped)

    return map_recipe(name, WidthOptions, points)


def by_width(name: str, *, damped: bool) -> Recipe:
    """Return the recipe of Figure 11 or 12: narrow and wide, without pointwise blocks."""

    def points(options: WidthOptions) -> list[Point]:
        widths = options.widths or NARROW_AND_WIDE[options.preset]
        return [one_network(damped=damped, width=width, pointwise_depth=0) for width in widths]

    return map_recipe(name, WidthOptions, points)
