"""Figure 2: spectrograms of the same audio recorded with two devices (or more). Nothing is trained.

The paper shows what a device does to level, dynamic range and single frequencies; the last panel draws the mean
difference of each device from the first, band by band.

    python recipes/koutini2021/fig02_devices.py --data PREPARED --clip RECORDING --devices a b --out FIGURES
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from common.command import run_command
from common.errors import ConfigError
from data_prep.storage import PreparedSet
from evaluation.style import house_style, mark
from recipes.drawing import save_figure
from recipes.options import AudioOptions
from recipes.trained import Picture

_NAME = "koutini2021/fig02_devices"


@dataclass(frozen=True, kw_only=True)
class Options(AudioOptions):
    """Draw Figure 2: one recording on two or more devices."""

    data: Path
    """Prepared set, or a folder holding one."""
    runs: Path | None = None
    """Not needed: nothing is trained."""
    clip: str = ""
    """The recording: a clip's file name, or what its parallel clips share (default: the first on all the devices)."""
    devices: tuple[str, ...] = ()
    """Devices, the first is the one compared with (default: the reference device and the first other)."""


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


def draw(values: NDArray[np.float32], devices: tuple[str, ...], seconds: float, title: str) -> Figure:
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


def _make(options: Options) -> None:
    prepared = PreparedSet.open(options.data)
    clips, reference = prepared.clips, prepared.reference_device
    others = sorted(set(clips["device"]) - {reference})
    devices = options.devices or (reference, *others[:1])
    if len(devices) < 2 or len(set(devices)) < len(devices):
        raise ConfigError("devices", devices, f"two or more of {', '.join([reference, *others])}")
    rows = choose_rows(clips, options.clip, devices)
    if options.dry_run:
        print(f"nothing to train; draws {', '.join(clips['clip'].iloc[rows])}")
        return
    values = prepared.spectrograms(np.array(rows)).astype(np.float32)
    recording = clips["recording"].iloc[rows[0]]
    table = pd.DataFrame(values.mean(axis=2).T, columns=[f"mean:{device}" for device in devices])
    table.insert(0, "mel", range(len(table)))
    with house_style():
        figure = draw(values, devices, prepared.seconds, recording)
        picture = Picture(figure, table, f"{prepared.folder.name}, recording {recording}")
        paths = save_figure(picture, options.out / _NAME)
    for path in paths:
        print(path)
    print(paths[0].parent)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(Options, _make, arguments)


if __name__ == "__main__":
    sys.exit(main())
