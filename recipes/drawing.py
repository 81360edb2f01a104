"""Drawing and saving of figures."""

import textwrap
from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterMathtext, NullFormatter

from common.files import write_text
from evaluation.style import GREY, house_style, write_figure
from recipes.trained import Picture

_LETTERS_PER_INCH, _INCHES_PER_LINE = 21, 0.12


def save_figure(picture: Picture, target: Path) -> list[Path]:
    """Write `target`.png and .pdf, the footer under the figure, and the tables as CSV files; return the paths.

    The tables are `target`.csv, `target`-differences.csv and the picture's others. Each file is written atomically.
    """
    tables = {target.name: picture.table, f"{target.name}-differences": picture.differences, **picture.others}
    numbers = []
    for name, table in tables.items():
        if table is not None:
            numbers.append(target.with_name(f"{name}.csv"))
            write_text(numbers[-1], table.to_csv(index=False, lineterminator="\n"))
    return [*_save_drawing(picture, target), *numbers]


def _save_drawing(picture: Picture, target: Path) -> list[Path]:
    figure = picture.figure
    if figure is None:
        return []
    _plain_powers(figure)
    lines = textwrap.wrap(picture.footer, int(_LETTERS_PER_INCH * figure.get_figwidth()))
    figure.set_figheight(figure.get_figheight() + _INCHES_PER_LINE * len(lines))
    figure.supxlabel("\n".join(lines), fontsize=6, color=GREY, x=0.01, ha="left")
    return write_figure(figure, target)


def _plain_powers(figure: Figure) -> None:
    """Show plain numbers on logarithmic axes that have the default formatter: formulas are not rendered."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), LogFormatterMathtext):
                axis.set_major_formatter("{x:g}")
            if isinstance(axis.get_minor_formatter(), LogFormatterMathtext):
                axis.set_minor_formatter(NullFormatter())


def make_figure(draw: Callable[[], Picture], target: Path) -> None:
    """Draw in the house style, save the figure (see `save_figure`), and print the paths."""
    with house_style():
        paths = save_figure(draw(), target)
    for path in paths:
        print(path)
    print(target.parent)
