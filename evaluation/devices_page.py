"""The page on the devices of a prepared set: self-contained HTML, every name in it escaped."""

from collections.abc import Sequence

from evaluation.grids import Grid
from evaluation.page import Plot
from evaluation.templates import render


def devices_page(
    title: str, introduction: str, cautions: Sequence[str], grid: Grid, plot: Plot, notes: Sequence[str]
) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    title
        Its heading.
    introduction
        What the set is, a sentence.
    cautions
        What is to be warned of.
    grid
        A row for each device.
    plot
        Their spectra.
    notes
        How the numbers are made.
    """
    return render(
        "devices.html.j2",
        title=title,
        introduction=introduction,
        cautions=list(cautions),
        grid=grid,
        plot=plot,
        notes=list(notes),
    )
