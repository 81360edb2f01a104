"""Reports and tables as plain text for the terminal, with aligned columns."""

import textwrap

from evaluation.document import Document
from evaluation.grids import Grid

_WIDTH = 100
_PLAIN = str.maketrans({"−": "-", "–": "-", "±": "+-"})  # noqa: RUF001


def plain(text: str) -> str:
    """Replace typographic signs by ASCII, and control characters, which could command a terminal, by question marks."""
    return "".join(letter if letter.isprintable() else "?" for letter in text.translate(_PLAIN))


def grid_text(grid: Grid) -> str:
    """Return a table in columns, names aligned to the left and numbers to the right.

    Examples
    --------
    >>> print(grid_text(Grid("Accuracy", ["device", "accuracy"], [["seen"], ["a", "71.2"], ["unseen"], ["s1", "9.8"]])))
    Accuracy
    <BLANKLINE>
    device  accuracy
    ------  --------
    seen
    a           71.2
    unseen
    s1           9.8
    """
    lines = [[plain(cell) for cell in line] for line in (grid.headings, *grid.rows)]
    columns = zip(*(line for line in lines if len(line) > 1), strict=True)
    widths = [max(map(len, column)) for column in columns]
    ruler = "  ".join("-" * width for width in widths)
    text = [_aligned(lines[0], widths), ruler, *(_aligned(line, widths) for line in lines[1:])]
    note = ["", *textwrap.wrap(plain(grid.note), _WIDTH)] if grid.note else []
    return "\n".join([plain(grid.title), "", *text, *note])


def _aligned(line: list[str], widths: list[int]) -> str:
    if len(line) == 1:
        return line[0]
    name, *cells = line
    numbers = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
    return "  ".join([name.ljust(widths[0]), *numbers]).rstrip()


def document_text(document: Document) -> str:
    """Return the parts of a document that the terminal shows: headline, devices, differences, sentences and sizes."""
    parts = [grid_text(document.headline)]
    for section in document.sections:
        parts += [grid_text(grid) for grid in [*section.devices, *section.differences]]
        parts.append("\n".join(plain(line) for line in [*section.findings, *section.cautions]))
    parts += [grid_text(grid) for grid in document.complexity]
    return "\n\n".join(parts)
