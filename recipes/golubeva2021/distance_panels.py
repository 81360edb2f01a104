"""Kernel distances by width: networks as dots, formulas as lines, in the same colours in every figure."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from evaluation.style import COLOURS, GREY

_DISTANCES: dict[str, tuple[str, dict[str, Any]]] = {
    "simulated": ("simulated", {"color": COLOURS[0], "marker": "o", "linestyle": "none", "zorder": 4}),
    "theorem": ("Theorem 1 by masks", {"color": COLOURS[1], "linewidth": 1.3}),
    "exact": ("exact", {"color": COLOURS[1], "linewidth": 1.3}),
    "second_order": ("second order", {"color": COLOURS[2], "linestyle": "--", "linewidth": 1.3}),
    "gaussian": ("Gaussian closed form", {"color": COLOURS[6], "linestyle": "-.", "linewidth": 1}),
    "published": ("equation (6)", {"color": GREY, "linestyle": ":", "linewidth": 1.8}),
    "appendix": ("published, App. F", {"color": GREY, "linestyle": ":", "linewidth": 1.8}),
}
_DECADES = 3  # more than these have labels enough at powers of ten


def width_axis(axes: Axes) -> None:
    """Set the horizontal axis to width, with ticks at 8, 32, 128, ..."""
    axes.set(xscale="log", xlabel="width")
    axes.xaxis.set_major_locator(LogLocator(4, subs=(2,)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:g}")


def logarithmic(axes: Axes, low: float, high: float) -> None:
    """Set the vertical axis to a logarithmic scale from `low` to `high`, with plain numbers at its ticks."""
    axes.set(yscale="log", ylim=(low, high))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < low * 10**_DECADES else (1,)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def name_lines(figure: Figure, axes: Axes) -> None:
    """Draw the legend above the panels."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), handlelength=1.6, columnspacing=1.2)


def draw_distances(axes: Axes, rows: pd.DataFrame, part: str = "") -> None:
    """Draw every distance that is in `rows` by width, with the error of those estimated.

    The frame holds all but zeros and the second order, which grows without bounds.

    Parameters
    ----------
    rows
        Columns width and any of simulated, theorem, exact, second_order, gaussian, published and appendix,
        their names led by `part`; and the same with `_error`.
    part
        What they are distances of: `bias_` or `diagonal_`; by default the whole, of different inputs.
    """
    ordered = rows.sort_values("width")
    framed = []
    for name, (label, style) in _DISTANCES.items():
        column = part + name
        if column in ordered:
            error = ordered.get(f"{column}_error")
            axes.errorbar(ordered["width"], ordered[column], error, label=label, markersize=4, capsize=2.5, **style)
            if name != "second_order":
                framed += [value for value in ordered[column] if value > 0]
    if framed:
        logarithmic(axes, 0.7 * min(framed), 1.5 * max(framed))
    width_axis(axes)
