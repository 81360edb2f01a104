"""Figure 2: spectrograms of the same audio recorded with two devices (or more). Nothing is trained.

The paper shows what a device does to level, dynamic range and single frequencies; the last panel draws the mean
difference of each device from the first, band by band.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from common.errors import ConfigError
from data_prep.storage import PreparedSet
from evaluation.style import mark
from recipes.command import Recipe, run_recipe
from recipes.options import FigureOptions
from recipes.trained import Picture


@dataclass(frozen=True, kw_only=True)
class DevicesOptions(FigureOptions):
    """DevicesOptions of Figure 2."""

    data: Path
    """Prepared set, or a folder holding one."""
    clip: str = ""
    """The recording: a clip's file name, or the name that its parallel clips share (default: the first recording that
    all the devices made)."""
    devices: tuple[str, ...] = ()
    """Two or more devices; the others are compared with the first (default: the reference device and the first
    other)."""


def choose_rows(clips: pd.DataFrame, clip: str, devices: tuple[str, ...]) -> list[int]:
    """Return the rows of one recording on each of `devices`.

    Raises
    ------
    ConfigError
        If there is no such recording, or it is not on one of the devices.
    """
    held = clips[clips["device"].isin(devices)]
    if clip:
        named = clips.loc[clips["clip"].str.endswith(clip), "recording"]
        recording = named.iloc[0] if len(named) else clip
        held = held[held["recording"] == recording]
    for _, parallel in held.groupby("recording", sort=False):
        rows = dict(zip(parallel["device"], parallel.index, strict=True))
        if set(devices) <= rows.keys():
            return [int(rows[device]) for device in devices]
    if clip:
        raise ConfigError("clip", clip, f"a recording of this set that all of the devices {', '.join(devices)} made")
    raise ConfigError("devices", ", ".join(devices), "devices that all made one and the same recording of this set")


def _spectrogram(axes: Axes, values: NDArray[np.float32], seconds: float, limits: tuple[float, float]) -> object:
    extent = (0, seconds, 0, len(values))
    image = axes.imshow(values, origin="lower", aspect="auto", extent=extent, cmap="magma", clim=limits)
    axes.set_xlabel("time, s")
    return image


def draw_devices(values: NDArray[np.float32], devices: tuple[str, ...], seconds: float, title: str) -> Figure:
    """Draw spectrograms (device, mel, frame) side by side on one scale, and the differences from the first."""
    count = len(devices)
    figure = Figure(figsize=(2.3 * count + 2.2, 3.0), layout="constrained")
    figure.suptitle(title, fontsize=9)
    axes = figure.subplots(1, count + 1, width_ratios=[1] * count + [0.6], sharey=True)
    low, high = (float(value) for value in np.percentile(values, [1, 99.9]))
    for axis, device, spectrogram in zip(axes[:-1], devices, values, strict=True):
        image = _spectrogram(axis, spectrogram, seconds, (low, high))
        axis.set_title(f"device {device}")
    figure.colorbar(image, ax=axes[count - 1], label="feature value")  # type: ignore[arg-type]
    axes[0].set_ylabel("mel band")
    bands = np.arange(values.shape[1]) + 0.5
    for position, (device, spectrogram) in enumerate(zip(devices[1:], values[1:], strict=True)):
        style = mark(position)
        axes[-1].plot((spectrogram - values[0]).mean(axis=1), bands, color=style["color"], label=device, linewidth=1.2)
    axes[-1].axvline(0, color="#999999", linewidth=0.8)
    axes[-1].set(title=f"less {devices[0]}", xlabel="mean feature value")
    axes[-1].legend()
    return figure


def _chosen(options: DevicesOptions, prepared: PreparedSet) -> tuple[tuple[str, ...], list[int]]:
    """Return the devices and the rows of their clips."""
    reference = prepared.reference_device
    others = sorted(set(prepared.clips["device"]) - {reference})
    devices = options.devices or (reference, *others[:1])
    if len(devices) < 2 or len(set(devices)) < len(devices):
        raise ConfigError("devices", devices, f"two or more of {', '.join([reference, *others])}")
    return devices, choose_rows(prepared.clips, options.clip, devices)


def tell(options: DevicesOptions) -> str:
    """Return which clips are drawn."""
    prepared = PreparedSet.open(options.data)
    _, rows = _chosen(options, prepared)
    return f"nothing to train; draws {', '.join(prepared.clips['clip'].iloc[rows])}"


def draw(options: DevicesOptions) -> Picture:
    """Draw one recording on each device."""
    prepared = PreparedSet.open(options.data)
    devices, rows = _chosen(options, prepared)
    values = prepared.spectrograms(np.array(rows)).astype(np.float32)
    recording = prepared.clips["recording"].iloc[rows[0]]
    table = pd.DataFrame(values.mean(axis=2).T, columns=[f"mean:{device}" for device in devices])
    table.insert(0, "mel", range(len(table)))
    figure = draw_devices(values, devices, prepared.seconds, recording)
    return Picture(figure, table, f"{prepared.folder.name}, recording {recording}")


RECIPE = Recipe(name="koutini2021/fig02_devices", about=__doc__, options=DevicesOptions, draw=draw, tell=tell)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
