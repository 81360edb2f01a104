"""Plots of a report: accuracy by device, confusion matrices, one recording on two devices, learning curves."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from pandas import DataFrame

from common.mel import hertz_to_mel
from evaluation.grouping import Configuration, Example
from evaluation.style import GREY, PALE, mark, short, styled
from evaluation.tables import sections

_NUMBERED = 15  # cells of larger confusion matrices are too small for numbers
_HERTZ = (250, 500, 1000, 2000, 4000, 8000, 16000)


@styled
def accuracy_by_device(tables: Mapping[str, DataFrame], chance: float) -> Figure:
    """Draw the accuracy on every device with its interval, seen and unseen devices in separate sections.

    Parameters
    ----------
    tables
        `tables.group_accuracies` of every configuration, by label.
    chance
        Accuracy of guessing, 0 to 1.
    """
    parts = [*sections(next(iter(tables.values())))]
    pooled = [(f"all {name}", index) for name, index in parts.pop()[1] if index[0] == "part"]
    figure = Figure(layout="constrained")
    axes = figure.add_subplot()
    heading_inches, row_inches = 0.3, 0.12 + 0.13 * len(tables)
    ticks: list[tuple[float, str]] = []
    top = 0.0
    for heading, rows in [*parts, ("pooled", pooled)]:
        bottom = top + heading_inches + len(rows) * row_inches
        if heading.startswith("seen"):
            axes.axhspan(top, bottom, color=PALE, linewidth=0)
        axes.axhline(bottom, color="#cccccc", linewidth=0.8)
        ticks.append((top + heading_inches / 2, heading))
        for row, (name, index) in enumerate(rows):
            ticks.append((top + heading_inches + (row + 0.5) * row_inches, short(name)))
            _points(axes, tables, index, ticks[-1][0], row_inches)
        top = bottom
    _guessing(axes.axvline, chance)
    axes.annotate("chance", (100 * chance, 0), (0, 3), textcoords="offset points", ha="center", color=GREY, fontsize=8)
    axes.set(xlim=(0, 100), ylim=(top, 0), xlabel="accuracy, %")
    axes.set_yticks([place for place, _ in ticks], [name for _, name in ticks])
    axes.tick_params(axis="y", length=0)
    headings = {heading for heading, _ in parts} | {"pooled"}
    for label in axes.get_yticklabels():
        if label.get_text() in headings:
            label.set(color=GREY, fontstyle="italic")
    figure.set_size_inches(9, top + 1)
    _legend(figure, axes)
    return figure


def _points(axes: Axes, tables: Mapping[str, DataFrame], index: tuple[str, str], centre: float, room: float) -> None:
    """Draw the accuracies of all configurations on one device around `centre`, with intervals as bars."""
    offsets = (np.arange(len(tables)) - (len(tables) - 1) / 2) * 0.7 * room / len(tables)
    for position, (label, table) in enumerate(tables.items()):
        row = 100 * table.loc[index, ["accuracy", "low", "high"]].astype(float)
        bar = None if np.isnan(row.low) else [[row.accuracy - row.low], [row.high - row.accuracy]]
        look = {"markersize": 5, "elinewidth": 1.4, "linestyle": "none", **mark(position)}
        axes.errorbar([row.accuracy], [centre + offsets[position]], xerr=bar, label=label, **look)


def _legend(figure: Figure, axes: Axes) -> None:
    """Name every configuration once, above the plot."""
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    figure.legend(once.values(), [short(label, 60) for label in once], loc="outside upper left", ncols=4)


@styled
def confusion_matrices(matrices: Mapping[str, NDArray[np.int64]], scenes: tuple[str, ...]) -> Figure:
    """Draw confusion matrices in % of each true scene, one panel each.

    Parameters
    ----------
    matrices
        Counts, (true scene, predicted scene), by title of the panel.
    scenes
        Names of the scenes on both axes.
    """
    side = max(2.2, 0.34 * len(scenes))
    figure = Figure(figsize=(1.4 + (side + 0.2) * len(matrices), side + 1.5), layout="constrained")
    panels = figure.subplots(1, len(matrices), sharey=True, squeeze=False)[0]
    names = [short(scene, 18) for scene in scenes]
    for axes, (title, counts) in zip(panels, matrices.items(), strict=True):
        shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        axes.set_title(title)
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(names)), names)
        axes.set_xlabel("predicted scene")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xticks(np.arange(1, len(names)) - 0.5, minor=True)
        axes.set_yticks(np.arange(1, len(names)) - 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=1)
        axes.tick_params(which="minor", length=0)
        for (row, column), share in np.ndenumerate(shares):
            if len(scenes) <= _NUMBERED and share >= 0.5:
                ink = "white" if share > 55 else "#222222"
                axes.text(column, row, f"{share:.0f}", ha="center", va="center", color=ink, fontsize=7)
    panels[0].set_ylabel("true scene")
    return figure


def mel_band(hertz: NDArray[np.float64], fmin: float, fmax: float, mels: int) -> NDArray[np.float64]:
    """Return the (fractional) index of the mel band that is centred on each frequency.

    Parameters
    ----------
    hertz
        Frequencies in Hz.
    fmin, fmax
        Lower edge of the lowest and upper edge of the highest band, in Hz.
    mels
        Number of bands.

    Examples
    --------
    >>> mel_band(np.array([200.0, 400.0]), 0.0, 600.0, 5)
    array([1., 3.])
    """
    return (hertz_to_mel(hertz) - hertz_to_mel(fmin)) / (hertz_to_mel(fmax) - hertz_to_mel(fmin)) * (mels + 1) - 1


@styled
def recording_on_two_devices(example: Example) -> Figure:
    """Draw spectrograms of one recording by two devices and their mean difference per band (Koutini 2021, Figure 2).

    Parameters
    ----------
    example
        The two spectrograms in dB.
    """
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right, profile = figure.subplots(1, 3, sharey=True, width_ratios=[3, 3, 1.1])
    mels = len(example.seen)
    spectrograms = [np.asarray(values, dtype=np.float64) for values in (example.seen, example.unseen)]
    limits = {"vmin": min(map(np.min, spectrograms)), "vmax": max(map(np.max, spectrograms))}
    titles = [f"device {short(example.seen_device)} (seen)", f"device {short(example.unseen_device)} (unseen)"]
    extent = (0, example.seconds, -0.5, mels - 0.5)
    for axes, values, title in zip((left, right), spectrograms, titles, strict=True):
        image = axes.imshow(
            values, origin="lower", aspect="auto", extent=extent, cmap="magma", interpolation="none", **limits
        )
        axes.set(title=title, xlabel="time, s")
    figure.colorbar(image, ax=[left, right], label="feature value", pad=0.01, aspect=30)
    hertz = [frequency for frequency in _HERTZ if example.fmin < frequency < example.fmax]
    left.set_yticks(mel_band(np.array(hertz, float), example.fmin, example.fmax, mels), [f"{f:,}" for f in hertz])
    left.set_ylabel("frequency, Hz (mel scale)")
    change = (spectrograms[1] - spectrograms[0]).mean(axis=1)
    profile.axvline(0, color="#bbbbbb", linewidth=0.8)
    profile.plot(change, np.arange(mels), color="#222222", linewidth=1.2)
    profile.set(title="unseen minus seen", xlabel="mean feature value")
    bands = profile.secondary_yaxis("right")
    bands.set_ylabel("mel band")
    return figure


@styled
def learning_curves(configurations: list[Configuration]) -> Figure:
    """Draw training loss and accuracies after every epoch: the mean over seeds thick, single seeds thin.

    Parameters
    ----------
    configurations
        Configurations whose `metrics` have the columns epoch, seed, train_loss, seen_accuracy and unseen_accuracy.
    """
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    kinds = {
        "train_loss": "training loss, nats",
        "seen_accuracy": "accuracy, seen, %",
        "unseen_accuracy": "accuracy, unseen, %",
    }
    known = {name: label for name, label in kinds.items() if any(c.metrics[name].notna().any() for c in configurations)}
    panels = figure.subplots(1, len(known))
    for axes, (column, label) in zip(panels, known.items(), strict=True):
        _curves(axes, configurations, column)
        axes.set(xlabel="epoch", title=label)
    last, scored = (max(getattr(c, name) for c in configurations) for name in ("last_epoch", "scored_epochs"))
    for axes in panels[1:]:
        axes.axvspan(last - scored + 0.5, last + 0.5, color=PALE, linewidth=0, zorder=0)
    _legend(figure, panels[0])
    return figure


def _curves(axes: Axes, configurations: list[Configuration], column: str) -> None:
    """Draw one column of the metrics of all configurations into a panel."""
    share = column != "train_loss"
    for position, configuration in enumerate(configurations):
        curves = (100 if share else 1) * configuration.metrics.pivot(index="epoch", columns="seed", values=column)
        if curves.shape[1] > 1:
            axes.plot(curves.index, curves, color=mark(position)["color"], linewidth=0.6, alpha=0.45)
        axes.plot(curves.index, curves.mean(axis=1), label=configuration.label, **_line(position, len(curves)))
    axes.margins(x=0.02)
    axes.set_ylim(0, 100 if share else None)
    if share:
        _guessing(axes.axhline, configurations[0].chance)


def _guessing(line: Callable[..., object], chance: float) -> None:
    line(100 * chance, color=GREY, linestyle=(0, (4, 3)), linewidth=0.9)


def _line(position: int, epochs: int) -> dict[str, Any]:
    dashes = ["-", "--", "-.", ":"][position // 7 % 4]
    return {**mark(position), "linestyle": dashes, "linewidth": 1.6, "markersize": 4 if epochs < 3 else 0}
