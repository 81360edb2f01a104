"""Style of all plots, and figures as reproducible bytes: without user settings, dates and random identifiers."""

import base64
import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Literal, ParamSpec

import matplotlib
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from common.files import atomic_path

P = ParamSpec("P")
Drawn = dict[str, bytes]

# The palette of Okabe and Ito and a grey, distinguishable with any colour vision; markers differ for print in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MARKERS = "osD^vPX<"
GREY = "#6b6b6b"
PALE = "#eef2f5"
_FORMS: tuple[Literal["png", "pdf"], ...] = ("png", "pdf")
_SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "text.parse_math": False,  # names of devices may hold dollar signs
    "svg.hashsalt": "asc",
    "savefig.dpi": 200,
}


@dataclass(frozen=True)
class Plot:
    """A plot drawn for a page.

    Parameters
    ----------
    place
        Part of the page in which it is shown: devices, confusions, curves or example.
    name
        Name of its files, without an ending.
    caption
        Caption below the plot.
    drawn
        Its bytes by file format.
    """

    place: str
    name: str
    caption: str
    drawn: Drawn

    @property
    def source(self) -> str:
        """The plot as the source of an image element, in which no script of the SVG can run."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.drawn["svg"]).decode()


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style, independently of the user's matplotlib settings."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # shown as a box; the tables have the name
        yield


def saved(figure: Figure, form: Literal["png", "svg", "pdf"]) -> bytes:
    """Return the bytes of a figure's file, without a date or the name of a program."""
    stream = io.BytesIO()
    metadata: dict[str, Any] = {
        "svg": {"Date": None, "Creator": None},
        "png": {"Software": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }[form]
    figure.savefig(stream, format=form, metadata=metadata)
    return stream.getvalue()


def write_figure(figure: Figure, target: Path) -> list[Path]:
    """Write `target`.png and `target`.pdf atomically; return their paths."""
    paths = [target.with_name(f"{target.name}.{form}") for form in _FORMS]
    for path, form in zip(paths, _FORMS, strict=True):
        with atomic_path(path) as temporary:
            temporary.write_bytes(saved(figure, form))
    return paths


def styled(draw: Callable[P, Figure]) -> Callable[P, Drawn]:
    """Decorate a function that draws a figure: draw it in the house style and return its `png` and `svg` bytes."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Drawn:
        with house_style():
            figure = draw(*args, **kwargs)
            return {"png": saved(figure, "png"), "svg": saved(figure, "svg")}

    return drawn


def short(name: str, most: int = 24) -> str:
    """Shorten a name to `most` characters.

    Examples
    --------
    >>> short("a very long name", 10)
    'a very lo…'
    """
    return name if len(name) <= most else name[: most - 1] + "…"


def mark(position: int, count: int = 0) -> dict[str, Any]:
    """Return colour and marker of the series at `position`; ordered shades if `count` exceeds the palette."""
    if count > len(COLOURS):
        shade = matplotlib.colormaps["viridis"](0.95 * position / (count - 1))
        return {"color": to_hex(shade), "marker": MARKERS[position % len(MARKERS)]}
    rounds, colour = divmod(position, len(COLOURS))
    return {"color": COLOURS[colour], "marker": MARKERS[(colour + rounds) % len(MARKERS)]}
