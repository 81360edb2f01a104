"""Figures 1, 3 to 6 and 17: accuracy of networks of several sizes, on unseen devices and on the seen one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from recipes.accuracies import accuracy_lines
from recipes.command import Recipe
from recipes.comparisons import (
    Pairs,
    damped_with_base,
    iterative_with_static,
    largest_with_smallest,
    sparse_with_dense,
    width_with_depth,
)
from recipes.koutini2021.grids import depths, pointwise_depths, scaled, sparse_widths, widths
from recipes.points import Point
from recipes.scenes import SceneOptions


@dataclass(frozen=True, kw_only=True)
class WidthOptions(SceneOptions):
    """Options of a figure whose networks differ in width."""

    widths: tuple[int, ...] = ()
    """Widths W (default: the preset's)."""


@dataclass(frozen=True, kw_only=True)
class DepthOptions(SceneOptions):
    """Options of a figure whose networks differ in depth."""

    depths: tuple[int, ...] = ()
    """Depths D (default: the preset's)."""


@dataclass(frozen=True, kw_only=True)
class PointwiseDepthOptions(SceneOptions):
    """Options of a figure whose networks differ in pointwise depth."""

    pointwise_depths: tuple[int, ...] = ()
    """Pointwise depths K (default: the preset's)."""


def _recipe(
    name: str,
    about: str,
    options: type[SceneOptions],
    points: Callable[[Any], list[Point]],
    questions: Mapping[str, Pairs],
    **axis: Any,
) -> Recipe:
    """Return a figure of accuracies; `axis` are the arguments of `accuracy_lines` for the horizontal axis."""

    def draw(_options: Any, trained: Any) -> Any:
        return accuracy_lines(trained, questions=questions, **axis)

    return Recipe(name=f"koutini2021/{name}", about=about, options=options, points=points, draw=draw)


_WIDTH = {"x": "width", "label": "width W", "logarithmic": True}


def _scaled(name: str, number: int, network: str) -> Recipe:
    """Return Figure 1 or 17."""
    about = f"""
    Figure {number}: accuracy of the {network} network against its number of parameters, scaled in four ways.

    Series: width W (`--widths`); depth D; depth without a larger receptive field, K; width and depth together. Not
    given in the paper: the depth series have W = 128; width and depth have W in {{32, 128, 512}} and D in {{2, 3}}.
    3 seeds (demo: W up to 32).
    The paper found: with equally many parameters, width generalises best to unseen devices; width and depth come close.
    """
    questions = {"width with depth, equal parameters": width_with_depth, "largest with smallest": largest_with_smallest}

    def points(options: WidthOptions) -> list[Point]:
        return scaled(options.preset, options.widths, damped=network == "damped")

    axis = {"x": "parameters", "label": "parameters", "logarithmic": True}
    return _recipe(name, about, WidthOptions, points, questions, **axis)


RECIPES = (
    _scaled("fig01_parameters", 1, "damped"),
    _recipe(
        "fig03_width",
        """Figure 3: accuracy against width, base and damped, on unseen devices (left) and on the seen one (right).

        Runs: W in {32, 64, 128, 192, 256, 384, 512}, D = K = 1, base and damped, 3 seeds: 42 runs (demo: 3 widths, 18
        runs).
        The paper found: W = 512 is about 10 points above W = 32 on unseen devices, for both networks; on the seen
        device nothing is gained past W = 128; damped is above base at every width.
        """,
        WidthOptions,
        lambda options: widths(options.preset, options.widths),
        {"damped with base": damped_with_base, "widest with narrowest": largest_with_smallest},
        **_WIDTH,
    ),
    _recipe(
        "fig04_depth",
        """Figure 4: accuracy against depth D (3x3 blocks, which widen the receptive field), base and damped.

        Runs: D in 1..5, W = 128 (not given in the paper), K = 1, base and damped, 3 seeds: 30 runs (demo: W = 16, D in
        1..3).
        The paper found: depth lowers the accuracy on seen and on unseen devices, more so for the base network.
        """,
        DepthOptions,
        lambda options: depths(options.preset, options.depths),
        {"damped with base": damped_with_base, "deepest with shallowest": largest_with_smallest},
        x="depth",
        label="depth D",
    ),
    _recipe(
        "fig05_pointwise_depth",
        """Figure 5: accuracy against pointwise depth K (1x1 blocks, same receptive field), base and damped.

        Runs: K in 0..5, W = 128 (not given in the paper), D = 1, base and damped, 3 seeds: 36 runs (demo: W = 16, K in
        0, 1, 3).
        The paper found: small gains on the seen device, none on unseen ones, and losses for the damped network.
        """,
        PointwiseDepthOptions,
        lambda options: pointwise_depths(options.preset, options.pointwise_depths),
        {"damped with base": damped_with_base, "most with fewest 1x1 blocks": largest_with_smallest},
        x="pointwise_depth",
        label="pointwise depth K",
    ),
    _recipe(
        "fig06_sparse_width",
        """Figure 6: accuracy against width at one number of weights, static and iterative sparsity, base and damped.

        Runs: W in {64, 128, 192, 256, 384, 512}, D = K = 1, 350 epochs, two methods of sparsity, base and damped, 3
        seeds: 66 runs (demo: W in {8, 16, 32}: 30 runs). All networks keep as many weights as the narrowest, which is
        dense and shared by both methods.
        The paper found: static sparse networks gain from width at first, less and less for the widest; networks pruned
        during training lose little on unseen devices even at 98.4 % sparsity, but the damped one loses on the seen
        device.
        """,
        WidthOptions,
        lambda options: sparse_widths(options.preset, options.widths),
        {
            "iterative with static": iterative_with_static,
            "wide and sparse with narrow and dense": sparse_with_dense,
            "damped with base": damped_with_base,
        },
        **_WIDTH,
    ),
    _scaled("fig17_parameters", 17, "base"),
)
