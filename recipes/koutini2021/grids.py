"""Sizes of the networks of the audio paper's figures, and the fewer ones of the demo preset."""

from dataclasses import replace
from typing import Any, Literal, get_args

from asc.run import Labels
from models.weights.iterative import IterativePruning
from models.weights.scheme import Scheme
from models.weights.sparse import StaticSparsity
from recipes.points import DAMPING, Point, Preset, both_networks, scene_run

Sparsity = Literal["static", "iterative"]

LABELS: tuple[Labels, ...] = get_args(Labels)

WIDTHS: dict[Preset, tuple[int, ...]] = {"paper": (32, 64, 128, 192, 256, 384, 512), "demo": (8, 16, 32)}
DEPTHS: dict[Preset, tuple[int, ...]] = {"paper": (1, 2, 3, 4, 5), "demo": (1, 2, 3)}
POINTWISE_DEPTHS: dict[Preset, tuple[int, ...]] = {"paper": (0, 1, 2, 3, 4, 5), "demo": (0, 1, 3)}
# The paper does not give the width of its depth series, nor the sizes of width + depth.
DEPTH_WIDTH: dict[Preset, int] = {"paper": 128, "demo": 16}
WIDE_AND_DEEP: dict[Preset, tuple[tuple[int, int], ...]] = {
    "paper": ((32, 2), (32, 3), (128, 2), (128, 3), (512, 2), (512, 3)),
    "demo": ((8, 2), (16, 2)),
}
# Figure 7: as wide and deep as Table 1, deeper, deeper without a larger receptive field, wider.
VARIANTS: dict[Preset, tuple[tuple[int, int, int], ...]] = {
    "paper": ((128, 1, 1), (128, 3, 1), (128, 1, 5), (512, 1, 1)),
    "demo": ((16, 1, 1), (16, 3, 1), (16, 1, 3), (32, 1, 1)),
}
SHALLOW_AND_DEEP: dict[Preset, tuple[int, ...]] = {"paper": (0, 4), "demo": (0, 3)}
NARROW_AND_WIDE: dict[Preset, tuple[int, ...]] = {"paper": (32, 512), "demo": (8, 32)}
# Section 4 gives two widths; the demo preset's small sets take more, to show where memorising begins.
MEMORISING: dict[Preset, tuple[int, ...]] = {"paper": (32, 64), "demo": (8, 16, 32)}
# Figure 6: the first is the width whose number of weights all of them keep.
SPARSE_WIDTHS: dict[Preset, tuple[int, ...]] = {"paper": (64, 128, 192, 256, 384, 512), "demo": (8, 16, 32)}
SPARSE_EPOCHS: dict[Preset, int | None] = {"paper": 350, "demo": None}


def widths(preset: Preset, chosen: tuple[int, ...]) -> list[Point]:
    """Return Figure 3's points: every width, base and damped."""
    return [point for width in chosen or WIDTHS[preset] for point in both_networks(preset, width=width)]


def depths(preset: Preset, chosen: tuple[int, ...]) -> list[Point]:
    """Return Figure 4's points: every D, base and damped."""
    width = DEPTH_WIDTH[preset]
    return [point for depth in chosen or DEPTHS[preset] for point in both_networks(preset, width=width, depth=depth)]


def pointwise_depths(preset: Preset, chosen: tuple[int, ...]) -> list[Point]:
    """Return Figure 5's points: every K, base and damped."""
    width, grid = DEPTH_WIDTH[preset], chosen or POINTWISE_DEPTHS[preset]
    return [point for k in grid for point in both_networks(preset, width=width, pointwise_depth=k)]


def scaled(preset: Preset, chosen: tuple[int, ...], *, damped: bool) -> list[Point]:
    """Return the four ways of scaling of Figures 1 and 17, of one network; `chosen` replaces the widths."""
    width, weights = DEPTH_WIDTH[preset], (DAMPING,) if damped else ()
    series: dict[str, list[dict[str, Any]]] = {
        "width": [{"width": w} for w in chosen or WIDTHS[preset]],
        "depth": [{"width": width, "depth": d} for d in DEPTHS[preset]],
        "depth, same receptive field": [{"width": width, "pointwise_depth": k} for k in POINTWISE_DEPTHS[preset]],
        "width and depth": [{"width": w, "depth": d} for w, d in WIDE_AND_DEEP[preset]],
    }
    return [
        Point(series=name, run=scene_run(preset, weights=weights, **sizes))
        for name, several in series.items()
        for sizes in several
    ]


def variants(preset: Preset) -> list[Point]:
    """Return Figure 7's points: the damped network scaled in three ways."""
    return [
        Point(series="damped", run=scene_run(preset, weights=(DAMPING,), width=width, depth=depth, pointwise_depth=k))
        for width, depth, k in VARIANTS[preset]
    ]


def one_network(preset: Preset, *, damped: bool, **sizes: Any) -> Point:
    """Return the point of one network, in the series of its name."""
    return both_networks(preset, **sizes)[damped]


def memorising(preset: Preset, chosen: tuple[int, ...]) -> list[Point]:
    """Return Section 4's points: every width on true and on random labels, with neither mixup nor rolling."""
    return [
        Point(series=f"{labels} labels", run=scene_run(preset, width=width, labels=labels, augmented=False))
        for labels in LABELS
        for width in chosen or MEMORISING[preset]
    ]


def _scheme(method: Sparsity, base_width: int) -> Scheme:
    return (StaticSparsity if method == "static" else IterativePruning)(base_width=base_width)


def _sparse(preset: Preset, widths: tuple[int, ...], methods: tuple[Sparsity, ...], **sizes: Any) -> list[Point]:
    """Return networks with as many weights as the narrowest, which is dense; each method is a separate series."""
    base, points = min(widths), []
    for method in methods:
        for width in widths:
            weights = (_scheme(method, base),) if width > base else ()
            points += both_networks(preset, weights=weights, width=width, epochs=SPARSE_EPOCHS[preset], **sizes)
            points[-2:] = [replace(point, series=f"{point.series}, {method}") for point in points[-2:]]
    return points


def sparse_widths(preset: Preset, chosen: tuple[int, ...]) -> list[Point]:
    """Return Figure 6's points: every width at the weights of the first, static and iterative, base and damped."""
    return _sparse(preset, chosen or SPARSE_WIDTHS[preset], get_args(Sparsity))


def sparse_and_dense(preset: Preset, chosen: tuple[int, ...], method: Sparsity, *, damped: bool) -> list[Point]:
    """Return the points of Figures 13 to 16: narrow and dense, wide and sparse, without pointwise blocks."""
    widths = chosen or (SPARSE_WIDTHS[preset][0], SPARSE_WIDTHS[preset][-1])
    points = _sparse(preset, widths, (method,), pointwise_depth=0)
    return [point for point in points if point.run.damped == damped]
