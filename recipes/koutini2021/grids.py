"""The sizes of the audio paper's figures, and the few that the demo preset tries instead."""

from recipes.points import DAMPING, Point, Preset, both_networks

WIDTHS: dict[Preset, tuple[int, ...]] = {"paper": (32, 64, 128, 192, 256, 384, 512), "demo": (8, 16, 32)}
DEPTHS: dict[Preset, tuple[int, ...]] = {"paper": (1, 2, 3, 4, 5), "demo": (1, 2, 3)}
POINTWISE_DEPTHS: dict[Preset, tuple[int, ...]] = {"paper": (0, 1, 2, 3, 4, 5), "demo": (0, 1, 3)}
# The paper does not give the width of its depth series, nor the sizes of width + depth.
DEPTH_WIDTH: dict[Preset, int] = {"paper": 128, "demo": 16}
WIDE_AND_DEEP: dict[Preset, tuple[tuple[int, int], ...]] = {
    "paper": ((32, 2), (32, 3), (128, 2), (128, 3), (512, 2), (512, 3)),
    "demo": ((8, 2), (16, 2)),
}


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
