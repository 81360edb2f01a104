"""Plot of the spectra of devices."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from evaluation.style import mark, short, styled

_TICKS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
_RANGE = 80.0  # dB below the loudest band of a device that are drawn; lower levels are those of empty bands


@styled
def spectra_by_device(spectra: Mapping[str, Sequence[float]], edges: Sequence[float], reference: str) -> Figure:
    """Draw the power density of every device over a logarithmic frequency axis.

    Parameters
    ----------
    spectra
        Power density per band in dB of full scale squared per Hz, by device.
    edges
        Edges of the bands in Hz, one more than there are bands.
    reference
        Name of the reference device, whose line is thicker.
    """
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    axes = figure.add_subplot()
    centres = np.sqrt(np.array(edges[:-1]) * np.array(edges[1:]))
    for position, (device, spectrum) in enumerate(spectra.items()):
        width = 2.6 if device == reference else 1.3
        look = {"linewidth": width, "markersize": 4, "markevery": (position % 5, 5), **mark(position)}
        axes.plot(centres, spectrum, label=short(device), **look)
    peaks = [max(spectrum) for spectrum in spectra.values()] or [0.0]
    bottom = min((min(spectrum) for spectrum in spectra.values()), default=-_RANGE)
    axes.set_ylim(max(bottom, min(peaks) - _RANGE) - 3, max(peaks) + 3)
    axes.set_xscale("log")
    axes.set_xlim(edges[0], edges[-1])
    ticks = [hertz for hertz in _TICKS if edges[0] <= hertz <= edges[-1]]
    axes.set_xticks(ticks, [f"{hertz:,}" for hertz in ticks])
    axes.minorticks_off()
    axes.grid(color="#e4e8eb", linewidth=0.6)
    axes.set(xlabel="frequency, Hz", ylabel="power density, dB of full scale² per Hz")
    if spectra:
        figure.legend(loc="outside right upper")
    return figure
