"""How figures are kept."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from evaluation.style import house_style
from recipes.drawing import save_figure
from recipes.trained import Picture


def test_logarithmic_axes_show_numbers_and_no_formulas(tmp_path: Path) -> None:
    with house_style():
        figure = Figure()
        axes = figure.subplots()
        axes.loglog([30, 600], [0.1, 0.9])
        paths = save_figure(Picture(figure, pd.DataFrame({"x": [1]}), "made up"), tmp_path / "log")
    assert all(path.stat().st_size for path in paths)
    labels = [label.get_text() for axis in (axes.xaxis, axes.yaxis) for label in axis.get_ticklabels(which="both")]
    assert "100" in labels
    assert "0.1" in labels
    assert not any("$" in label for label in labels)
