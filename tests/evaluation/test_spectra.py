"""The plot of spectra: lines where the numbers are, names that cannot break it."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from evaluation.grids import Grid
from evaluation.page import render
from evaluation.spectra import spectra_by_device
from evaluation.style import Plot

EDGES = np.geomspace(50, 11_025, 31).tolist()
SPECTRA = {name: np.linspace(-60 - place, -90, 30).tolist() for place, name in enumerate(("a", "<b>", "$x$", "日本"))}


def test_any_name_and_number_of_devices_can_be_drawn() -> None:
    for spectra in (SPECTRA, {}, {str(number): [-200.0] * 30 for number in range(20)}):
        drawn = spectra_by_device(spectra, EDGES, "a")
        text = " ".join(ElementTree.fromstring(drawn["svg"]).itertext())  # noqa: S314 our own drawing
        assert drawn["png"].startswith(b"\x89PNG")
        assert "<script" not in text


def test_the_same_numbers_make_the_same_bytes() -> None:
    assert spectra_by_device(SPECTRA, EDGES, "a") == spectra_by_device(SPECTRA, EDGES, "a")
    assert spectra_by_device(SPECTRA, EDGES, "a") != spectra_by_device(SPECTRA, EDGES, "<b>")


@pytest.mark.parametrize("cautions", [[], ["device '<b>' stands out & more"]])
def test_a_page_says_what_it_is_given_and_escapes_it(cautions: list[str]) -> None:
    plot = Plot("devices", "spectra", "Spectra of 5 % & more.", spectra_by_device(SPECTRA, EDGES, "a"))
    grid = Grid("Devices", ["device", "level"], [["<b>", "-30"]])
    page = render(
        "devices.html.j2",
        title="Devices of <i>",
        introduction="Two devices.",
        cautions=cautions,
        grid=grid,
        plot=plot,
        notes=["A note."],
    )
    assert "<b>" not in page
    assert "<i>" not in page
    assert "5\u00a0% &amp; more" in page
    assert ("<p>None.</p>" in page) == (not cautions)
    assert page.count("stands out &amp; more") == len(cautions)
