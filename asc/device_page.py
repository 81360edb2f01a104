"""The page on the devices of a prepared set: its introduction, table, plot and notes."""

from data_prep.cautions import APART, EMPTY
from data_prep.device_facts import CLIFF, SetFacts
from data_prep.mixing import LOWEST
from data_prep.storage import PreparedSet
from evaluation.grids import Grid
from evaluation.page import render
from evaluation.spectra import spectra_by_device
from evaluation.style import Plot

_NOTES = (
    "Level: root mean square of what the spectrograms are computed from, a constant offset aside, in dB of full scale; "
    "median over a device's recordings, and the range of the middle 80 % of them.",
    "Band: half the sampling rate, or the frequency from which on everything lies at least "
    f"{CLIFF:g} dB below the bands just under it. Clipped: share of samples at full scale.",
    "Spectra: power density in sixths of an octave at 16 places of each recording, mean of the power; median over a "
    "device's recordings. They end where the spectrograms end.",
    f"Warned of: a level more than {APART:g} dB and more than three standard deviations (by the median absolute "
    f"deviation) from the median of all devices, or above full scale; a band that ends below {100 * EMPTY:.0f} % of the"
    " spectrograms' range; recordings that lose 10 dB in mixing, that an offset flattens, or that are clipped.",
)


def device_page(prepared: PreparedSet, facts: SetFacts, grid: Grid, warnings: list[str]) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    prepared, facts
        The set, and what is known of its devices.
    grid
        A row for each device.
    warnings
        What to be warned of.
    """
    settings, reference = prepared.settings, prepared.reference_device
    spectra = {each.device: each.spectrum for each in facts.devices if each.level > LOWEST}
    filtered = "" if settings.high_pass is None else f", without what lies below {settings.high_pass:g} Hz"
    drawn = spectra_by_device(spectra, facts.edges, reference)
    return render(
        "devices.html.j2",
        title=f"Devices of {prepared.folder.name}",
        introduction=f"{len(prepared):,} recordings of {prepared.seconds:g} s by {len(facts.devices)} devices; the "
        f"reference device is {reference}. Level, band and spectrum are those of what the spectrograms are computed "
        f"from: one channel ({settings.channel}) at {settings.features.sample_rate:,} Hz{filtered}.",
        cautions=warnings,
        grid=grid,
        plot=Plot(
            "devices", "spectra", "Median spectrum of each device; the reference device is drawn thicker.", drawn
        ),
        notes=_NOTES,
    )
