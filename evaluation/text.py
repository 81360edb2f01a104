"""Tables as plain text for the terminal: aligned, in characters that every terminal has."""

import textwrap

from evaluation.document import Document
from evaluation.grids import Grid

_WIDTH = 100
_PLAIN = str.maketrans({"−": "-", "–": "-", "±": "+-"})  # noqa: RUF001 what typographers use, and what replaces it


def plain(text: str) -> str:
    """Replace typographic signs by plain ones, and what a terminal could take for a command by a question mark."""
    return "".join(letter if letter.isprintable() else "?" for letter in text.translate(_PLAIN))


def grid_text(grid: Grid) -> str:
    """Lay a table out in columns: names to the left, numbers to the right, headings of sections on their own line."""
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
