"""Figures 7 to 16: effective receptive fields of a few trained networks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evaluation.erf import Layer
from recipes.command import Recipe
from recipes.koutini2021.grids import (
    DEPTH_WIDTH,
    NARROW_AND_WIDE,
    SHALLOW_AND_DEEP,
    Sparsity,
    one_network,
    sparse_and_dense,
    variants,
)
from recipes.points import Point
from recipes.receptive_fields import receptive_fields
from recipes.scenes import SceneOptions

# Mel bands and frames of the maximum receptive field at D = 1 (Table 1).
_SPAN = 167


@dataclass(frozen=True, kw_only=True)
class MapOptions(SceneOptions):
    """Options of a figure of effective receptive fields, over the unseen test clips."""

    layer: Layer = "features"
    """Which layer is the penultimate one: the last block's output, or the class map before pooling."""


@dataclass(frozen=True, kw_only=True)
class MapDepthOptions(MapOptions):
    """Options of a figure whose networks differ in pointwise depth."""

    pointwise_depths: tuple[int, ...] = ()
    """Pointwise depths K (default: the preset's)."""


@dataclass(frozen=True, kw_only=True)
class MapWidthOptions(MapOptions):
    """Options of a figure whose networks differ in width."""

    widths: tuple[int, ...] = ()
    """Widths W (default: the preset's)."""


def _recipe(
    name: str, about: str, options: type[MapOptions], points: Callable[[Any], list[Point]], span: int | None = None
) -> Recipe:
    """Return a figure of maps that shows `span` mel bands and frames (default: enough for all maps)."""

    def draw(options: MapOptions, trained: Any) -> Any:
        return receptive_fields(trained, layer=options.layer, span=span)

    return Recipe(name=f"koutini2021/{name}", about=about, options=options, points=points, draw=draw)


def _base_and_damped(options: MapWidthOptions) -> list[Point]:
    widths = options.widths or (DEPTH_WIDTH[options.preset],)
    return [one_network(options.preset, damped=damped, width=width) for damped in (False, True) for width in widths]


def _by_pointwise_depth(number: int, network: str, found: str) -> Recipe:
    """Return Figure 9 or 10."""
    about = f"""
    Figure {number}: effective receptive fields of the {network} network, without and with many pointwise blocks.

    Runs: {network}, W = 128, K = 0 and 4, 3 seeds: 6 runs, which Figure 5 trains too (demo: W = 16, K = 0 and 3).
    {found}
    """

    def points(options: MapDepthOptions) -> list[Point]:
        depths, width = options.pointwise_depths or SHALLOW_AND_DEEP[options.preset], DEPTH_WIDTH[options.preset]
        return [one_network(options.preset, damped=network == "damped", width=width, pointwise_depth=k) for k in depths]

    return _recipe(f"fig{number:02}_pointwise_{network}", about, MapDepthOptions, points)


def _by_width(number: int, network: str) -> Recipe:
    """Return Figure 11 or 12."""
    about = f"""
    Figure {number}: effective receptive fields of the {network} network, narrow and wide, no pointwise blocks.

    Runs: {network}, W = 32 and 512, K = 0, 3 seeds: 6 runs (demo: W = 8 and 32).
    The paper found: width focuses the effective receptive field in the middle of the maximum one, in both networks.
    """

    def points(options: MapWidthOptions) -> list[Point]:
        widths = options.widths or NARROW_AND_WIDE[options.preset]
        return [
            one_network(options.preset, damped=network == "damped", width=width, pointwise_depth=0) for width in widths
        ]

    return _recipe(f"fig{number}_width_{network}", about, MapWidthOptions, points)


def _by_sparse_width(number: int, method: Sparsity, network: str, found: str) -> Recipe:
    """Return Figure 13, 14, 15 or 16."""
    about = f"""
    Figure {number}: effective receptive fields of the {network} network, narrow, and wide with {method} sparsity.

    Runs: {network}, W = 64, and W = 512 at the number of weights of W = 64, K = 0, 350 epochs, 3 seeds: 6 runs (demo:
    W = 8 and 32).
    {found}
    """

    def points(options: MapWidthOptions) -> list[Point]:
        return sparse_and_dense(options.preset, options.widths, method, damped=network == "damped")

    return _recipe(f"fig{number}_{method}_{network}", about, MapWidthOptions, points)


RECIPES = (
    _recipe(
        "fig07_scaled",
        """Figure 7: effective receptive fields of the damped network scaled in four ways, cropped to that of D = 1.

        Runs: damped, (W, D, K) = (128, 1, 1), (128, 3, 1), (128, 1, 5), (512, 1, 1), 3 seeds: 12 runs, which other
        figures train too (demo: (16, 1, 1), (16, 3, 1), (16, 1, 3), (32, 1, 1)). The paper does not give the sizes.
        The paper found: 1x1 blocks, which cannot widen the maximum receptive field, widen the effective one and so
        counter the damping; width focuses it in the middle.
        """,
        MapOptions,
        lambda options: variants(options.preset),
        _SPAN,
    ),
    _recipe(
        "fig08_damping",
        """Figure 8: effective receptive fields of the base and of the damped network, W = 128, D = K = 1.

        Runs: base and damped, 3 seeds: 6 runs, which Figures 3 to 5 train too (demo: W = 16). `--widths` draws other
        widths, or several side by side.
        The paper found: damping restricts the effective receptive field along frequency.
        """,
        MapWidthOptions,
        _base_and_damped,
    ),
    _by_pointwise_depth(
        9,
        "damped",
        "The paper found: 1x1 blocks, which cannot widen the maximum receptive field, widen the effective one and so "
        "counter the damping.",
    ),
    _by_pointwise_depth(10, "base", "The paper shows it beside Figure 9 and does not discuss it."),
    _by_width(11, "damped"),
    _by_width(12, "base"),
    _by_sparse_width(
        13,
        "iterative",
        "damped",
        "The paper found: magnitude pruning narrows the field in frequency, as it removes damped weights first.",
    ),
    _by_sparse_width(14, "static", "damped", "The paper found: random pruning before training does not narrow it."),
    _by_sparse_width(
        15,
        "iterative",
        "base",
        "The paper found: wide networks have a similar field with and without iterative pruning (compare Figure 12).",
    ),
    _by_sparse_width(16, "static", "base", "The paper does not discuss it."),
)
