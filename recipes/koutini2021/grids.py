"""Sizes of the networks of the audio paper's figures, and the fewer ones of the demo preset."""

from dataclasses import replace
from typing import Any, get_args

from asc.description import Labels, Sparsity
from recipes.points import DAMPING, Point, Preset, both_networks

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
    return [point for width in chosen or WIDTHS[preset] for point in both_networks(width=width)]


def depths(preset: Preset, chosen: tuple[int, ...]) -> list[Point]:
    """Return Figure 4's points: every D, base and damped."""
    width = DEPTH_WIDTH[preset]
    return [point for depth in chosen or DEPTHS[preset] for point in both_networks(width=width, depth=depth)]


def pointwise_depths(preset: Preset, chosen: tuple[int, ...]) -> list[Point]:
    """Return Figure 5's points: every K, base and damped."""
    width, grid = DEPTH_WIDTH[preset], chosen or POINTWISE_DEPTHS[preset]
    return [point for k in grid for point in both_networks(width=width, pointwise_depth=k)]


def scaled(preset: Preset, chosen: tuple[int, ...], *, damped: bool) -> list[Point]:
    """Return the four ways of scaling of Figures 1 and 17, of one network; `chosen` replaces the widths."""
    damping, width = DAMPING if damped else None, DEPTH_WIDTH[preset]
    points = [Point(series="width", width=w, damping=damping) for w in chosen or WIDTHS[preset]]
    points += [Point(series="depth", width=width, depth=d, damping=damping) for d in DEPTHS[preset]]
    points += [
        Point(series="depth, same receptive field", width=width, pointwise_depth=k, damping=damping)
        for k in POINTWISE_DEPTHS[preset]
    ]
    return points + [
        Point(series="width and depth", width=w, depth=d, damping=damping) for w, d in WIDE_AND_DEEP[preset]
    ]


def variants(preset: Preset) -> list[Point]:
    """Return Figure 7's points: the damped network scaled in three ways."""
    return [
        Point(series="damped", width=width, depth=depth, pointwise_depth=k, damping=DAMPING)
        for width, depth, k in VARIANTS[preset]
    ]


def one_network(*, damped: bool, **sizes: int) -> Point:
    """Return the point of one network, in the series of its name."""
    return both_networks(**sizes)[damped]


def memorising(preset: Preset, chosen: tuple[int, ...]) -> list[Point]:
    """Return Section 4's points: every width on true and on random labels, with neither mixup nor rolling."""
    return [
        Point(series=f"{labels} labels", width=width, labels=labels, mixup_alpha=0.0, roll="none")
        for labels in LABELS
        for width in chosen or MEMORISING[preset]
    ]


def _sparse(preset: Preset, widths: tuple[int, ...], methods: tuple[Sparsity, ...], **sizes: Any) -> list[Point]:
    """Return networks at the weights of the narrowest, which is dense; each method is a series of its own."""
    base = min(widths)
    points = []
    for method in methods:
        for width in widths:
            wide = {"sparse": method, "base_width": base} if width > base else {}
            points += both_networks(width=width, epochs=SPARSE_EPOCHS[preset], **wide, **sizes)
            points[-2:] = [replace(point, series=f"{point.series}, {method}") for point in points[-2:]]
    return points


def sparse_widths(preset: Preset, chosen: tuple[int, ...]) -> list[Point]:
    """Return Figure 6's points: every width at the weights of the first, static and iterative, base and damped."""
    return _sparse(preset, chosen or SPARSE_WIDTHS[preset], get_args(Sparsity))


def sparse_and_dense(preset: Preset, chosen: tuple[int, ...], method: Sparsity, *, damped: bool) -> list[Point]:
    """Return the points of Figures 13 to 16: narrow and dense, wide and sparse, without pointwise blocks."""
    widths = chosen or (SPARSE_WIDTHS[preset][0], SPARSE_WIDTHS[preset][-1])
    points = _sparse(preset, widths, (method,), pointwise_depth=0)
    return [point for point in points if (point.damping is not None) == damped]
