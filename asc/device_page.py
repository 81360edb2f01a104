"""HTML page on the devices of a prepared set: table, warnings, spectra and notes."""

from data_prep.cautions import APART, EMPTY
from data_prep.device_facts import CLIFF, SetFacts
from data_prep.mixing import LOWEST
from data_prep.storage import PreparedSet
from evaluation.grids import Grid
from evaluation.page import render
from evaluation.spectra import spectra_by_device
from evaluation.style import Plot

_NOTES = (
    "Level: root mean square of the signal that the spectrograms are computed from, without its constant offset, in dB "
    "of full scale; median over a device's recordings, and their 10th to 90th percentile.",
    f"Band: the frequency above which the level is at least {CLIFF:g} dB lower than in the bands just below it, or "
    "half the sampling rate. Clipped: share of samples at full scale.",
    "Spectra: power density in sixths of an octave, mean power of 16 excerpts of each recording; median over a "
    "device's recordings. They cover the frequency range of the spectrograms.",
    f"Warnings: a level more than {APART:g} dB and more than three standard deviations (by the median absolute "
    f"deviation) from the median of all devices, or above full scale; a band that ends below {100 * EMPTY:.0f} % of the"
    " spectrograms' range; recordings that lose 10 dB when channels are mixed, that a constant offset flattens, or "
    "that are clipped.",
)


def device_page(prepared: PreparedSet, facts: SetFacts, grid: Grid, warnings: list[str]) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    prepared, facts
        The prepared set, and the facts about its devices.
    grid
        Table with a row for each device.
    warnings
        Warnings about recordings and devices.
    """
    settings, reference = prepared.settings, prepared.reference_device
    spectra = {each.device: each.spectrum for each in facts.devices if each.level > LOWEST}
    filtered = "" if settings.high_pass is None else f", high-pass filtered at {settings.high_pass:g} Hz"
    drawn = spectra_by_device(spectra, facts.edges, reference)
    return render(
        "devices.html.j2",
        title=f"Devices of {prepared.folder.name}",
        introduction=f"{len(prepared):,} recordings of {prepared.seconds:g} s by {len(facts.devices)} devices; the "
        f"reference device is {reference}. Level, band and spectrum are those of the signal that the spectrograms are "
        f"computed from: one channel ({settings.channel}) at {settings.features.sample_rate:,} Hz{filtered}.",
        cautions=warnings,
        grid=grid,
        plot=Plot(
            "devices", "spectra", "Median spectrum of each device; the reference device is drawn thicker.", drawn
        ),
        notes=_NOTES,
    )
