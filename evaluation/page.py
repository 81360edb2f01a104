"""The page of a report: self-contained HTML, every name in it escaped."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation import device_grids, grids, words
from evaluation.grouping import Configuration
from evaluation.sizes import complexity_grids
from evaluation.style import Drawn
from evaluation.tables import Comparison, headline
from evaluation.templates import render


@dataclass(frozen=True)
class Plot:
    """A drawn plot.

    Parameters
    ----------
    place
        Where on the page it belongs: devices, confusions, curves or example.
    name
        Of its files.
    caption
        What it shows.
    drawn
        Its bytes, by format.
    """

    place: str
    name: str
    caption: str
    drawn: Drawn

    @property
    def source(self) -> str:
        """The drawing as the source of an image element; an image cannot run what a name might smuggle in."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.drawn["svg"]).decode()


def page(
    title: str,
    configurations: Sequence[Configuration],
    comparisons: Sequence[Comparison],
    drawn: Sequence[Sequence[Plot]],
) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    title
        Its heading.
    configurations
        Everything reported.
    comparisons
        The same, by what can be compared.
    drawn
        The plots of each comparison.
    """
    parts = [
        {
            "title": ", ".join(configuration.label for configuration in comparison.configurations),
            "findings": words.findings(comparison),
            "cautions": words.cautions(comparison),
            "made_from": words.provenance(comparison),
            "devices": device_grids.device_grids(comparison),
            "macro": device_grids.macro_grids(comparison),
            "differences": device_grids.cost_grids(comparison) + device_grids.difference_grids(comparison),
            "breakdowns": grids.breakdown_grids(comparison, "scene") + grids.breakdown_grids(comparison, "city"),
            "plots": list(plots),
        }
        for comparison, plots in zip(comparisons, drawn, strict=True)
    ]
    return render(
        "page.html.j2",
        title=title,
        configurations=[(configuration, words.in_words(configuration)) for configuration in configurations],
        settings=grids.settings_grid(configurations),
        headline=grids.headline_grid(headline(configurations), configurations),
        complexity=complexity_grids(configurations),
        parts=parts,
    )
