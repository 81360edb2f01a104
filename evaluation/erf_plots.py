"""Figures of effective receptive fields side by side, as in Koutini 2021, Figures 7 to 16."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from evaluation.erf import ErfMap, extent
from evaluation.style import GREY

_COLUMNS = 4
_SHARES = {0.5: "-", 0.95: (0, (4, 2))}
_TICKS = (0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1)
_INCHES = 2.6  # side of a panel


def draw_maps(maps: Sequence[tuple[str, ErfMap]], *, span: int | None = None, footer: str = "") -> Figure:
    """Draw maps in panels with equal axes, each with boxes around 50 % and 95 % of its mass along either axis.

    Colours show the gradient relative to the maximum of each map, on a square-root scale, so that small values outside
    the middle are visible. Call it within `style.house_style`.

    Parameters
    ----------
    maps
        Title and map of each panel.
    span
        Mel bands and frames shown around the centre; by default, as many as the largest map has.
    footer
        Text below the figure.

    Raises
    ------
    DataError
        If a map is zero everywhere or not finite, see `erf.extent`.
    """
    rows = -(-len(maps) // _COLUMNS)
    columns = -(-len(maps) // rows)
    mel, frame = (_limit([erf for _, erf in maps], axis, span) for axis in (0, 1))
    height = _INCHES * (mel[1] - mel[0]) / (frame[1] - frame[0])
    size = (1.5 + (_INCHES + 0.1) * columns, (0.8 if footer else 0.5) + (height + 0.45) * rows)
    figure = Figure(figsize=size, layout="compressed")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes, (title, erf) in zip(panels.flat, maps, strict=False):
        image = _panel(axes, title, erf)
        axes.set(xlim=frame, ylim=mel)
    _label(panels, len(maps))
    bar = figure.colorbar(image, ax=panels, aspect=16 * rows, pad=0.02, ticks=_TICKS, format="%g")
    bar.set_label("mean |gradient| / its maximum")
    bar.outline.set_visible(False)
    if footer:
        lines = textwrap.wrap(footer, int(22 * size[0]))
        figure.supxlabel("\n".join(lines), fontsize=6, color=GREY, x=0.01, ha="left")
    return figure


def _label(panels: NDArray[Any], used: int) -> None:
    """Label the outer axes, and hide the panels that are not used."""
    for axes in panels.flat[used:]:
        axes.set_visible(False)
    for axes in panels[:, 0]:
        axes.set_ylabel("mel bands from the centre")
    for column, axes in enumerate(panels[-1]):
        shown = axes if axes.get_visible() else panels[-2, column]
        shown.tick_params(labelbottom=True)
        shown.set_xlabel("frames from the centre")


def _limit(maps: Sequence[ErfMap], axis: int, span: int | None) -> tuple[float, float]:
    """Return the limits of an axis relative to the centre."""
    if span is not None:
        return -span / 2, span / 2
    offsets = np.concatenate([erf.offsets(axis) for erf in maps])
    return float(offsets.min()) - 0.5, float(offsets.max()) + 0.5


def _panel(axes: Axes, title: str, erf: ErfMap) -> AxesImage:
    mels, frames = erf.offsets(0), erf.offsets(1)
    image = axes.imshow(
        erf.values / erf.values.max(),
        origin="lower",
        extent=(frames[0] - 0.5, frames[-1] + 0.5, mels[0] - 0.5, mels[-1] + 0.5),
        cmap="magma",
        norm=PowerNorm(0.5, 0, 1),
        interpolation="none",
    )
    axes.set_facecolor("#e4e4e4")  # beyond the receptive field or the input
    said = []
    for share, line in _SHARES.items():
        size = extent(erf, share)
        mel, frame = size.reach
        box = Rectangle((-frame - 0.5, -mel - 0.5), 2 * frame + 1, 2 * mel + 1)
        box.set(fill=False, edgecolor="white", linewidth=0.8, linestyle=line)
        axes.add_patch(box)
        said.append(f"{100 * share:g} %: {size.mels} × {size.frames}")  # noqa: RUF001 - a product
    axes.set_title(title, pad=14)
    note = f"{', '.join(said)} (bands × frames)"  # noqa: RUF001 - a product
    above = axes.annotate(note, (0, 1), (0, 4), xycoords="axes fraction", textcoords="offset points")
    above.set(color=GREY, fontsize=6.5, in_layout=False)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 4, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 4, 5, 10]))
    return image
