"""Table 1: loss of accuracy of ResNet-50 on CIFAR-100 by density, and cost of each method.

Runs: uniformly sparse, FORCE, SynFlow and DCTpS at densities of 1 %, 0.1 % and 0.01 %, and dense, 3 seeds: 39 runs, all
of them Figure 2's (demo: CIFAR-10, 20 %, 5 % and 1 %, also Figure 2's).
The paper found: random -11.9, -66, -66 %; FORCE -6.6, -26.9, -62.4; SynFlow -6.2, -31.6, -60.4; DCTpS -5.8, -15, -22.8.
"""

import sys
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from recipes.command import Recipe, run_recipe
from recipes.points import Preset
from recipes.price2021.density_figures import accuracy_table
from recipes.price2021.grids import DensityOptions, DensityPoint, density_point, panels_of
from recipes.price2021.methods import Series
from recipes.price2021.names import percent
from recipes.trained import Picture, Trained

_DENSITIES: Mapping[Preset, tuple[float, ...]] = {"paper": (0.01, 0.001, 0.0001), "demo": (0.2, 0.05, 0.01)}
_SPARSE, _DCT = "O(pmn)", "O(q log q + pmn)"
# Multiplications with a layer's m x n weights of density p at the start, in training and in the end (q = max(m, n), k
# iterations of a method); numbers stored of N weights at density P, likewise. The paper has no accuracies of IMP.
_COSTS: Mapping[str, tuple[str, ...]] = {
    "Sparse (uniform)": ("0", _SPARSE, _SPARSE, "O(PN)", "O(PN)", "O(PN)"),
    "IMP": ("0", "O(mn) → O(pmn)", _SPARSE, "O(N)", "O(N) → O(PN)", "O(PN)"),
    "FORCE": ("O(mnk)", _SPARSE, _SPARSE, "O(N)", "O(PN)", "O(PN)"),
    "SynFlow": ("O(mnk)", _SPARSE, _SPARSE, "O(N)", "O(PN)", "O(PN)"),
    "DCTpS": ("0", _DCT, _DCT, "O(PN)", "O(PN)", "O(PN)"),
}
_COST_COLUMNS = tuple(f"{what} {when}" for what in ("cost", "size") for when in ("at init.", "training", "final"))
_SERIES: tuple[Series, ...] = ("Sparse (uniform)", "FORCE", "SynFlow", "DCTpS")
# Per cent, on CIFAR-100.
PUBLISHED: Mapping[str, Mapping[float, float]] = {
    "Sparse (uniform)": {0.01: -11.9, 0.001: -66, 0.0001: -66},
    "FORCE": {0.01: -6.6, 0.001: -26.9, 0.0001: -62.4},
    "SynFlow": {0.01: -6.2, 0.001: -31.6, 0.0001: -60.4},
    "DCTpS": {0.01: -5.8, 0.001: -15, 0.0001: -22.8},
}


def points(options: DensityOptions) -> list[DensityPoint]:
    """Return the dense network, and every series at every density of the table."""
    preset: Preset = options.preset
    return [
        density_point(series, panel, density, preset, options)
        for panel in panels_of(options, "resnet50", ("cifar100",))
        for series, densities in {
            "dense": (1.0,),
            **dict.fromkeys(_SERIES, options.densities or _DENSITIES[preset]),
        }.items()
        for density in densities
    ]


def accuracy_drops(trained: Trained) -> pd.DataFrame:
    """Return one row per set and method: accuracy lost in per cent by density, the published one, and costs.

    Where a method finds no weights to keep in any run, its accuracy is chance.
    """
    table = accuracy_table(trained, "test", "density")
    table["accuracy"] = 100 * table["mean"].fillna(table["chance"])
    densities = sorted(set(table.loc[table["series"] != "dense", "density"]), reverse=True)
    rows = []
    for data, found in table.groupby("data", sort=False):
        accuracies = found.set_index(["series", "density"])["accuracy"]
        dense = accuracies.get(("dense", 1.0), float("nan"))
        published = PUBLISHED if data == "cifar100" else {}
        for method, costs in _COSTS.items():
            row: dict[str, Any] = {"data": data, "method": method}
            for density in densities:
                row[percent(density)] = accuracies.get((method, density), float("nan")) - dense
                row[f"published {percent(density)}"] = published.get(method, {}).get(density, float("nan"))
            rows.append(row | dict(zip(_COST_COLUMNS, costs, strict=True)))
    return pd.DataFrame(rows)


def draw(_options: DensityOptions, trained: Trained) -> Picture:
    """Draw the table as it is printed in the paper, for each set."""
    table = accuracy_drops(trained)
    shown = table.loc[:, ~table.columns.str.startswith("published")].copy()
    for column in shown.select_dtypes("number"):
        shown[column] = [f"{value:+.1f} %" if value == value else "*" for value in shown[column]]
    figure = Figure(figsize=(11, 0.6 + 0.3 * len(shown)), layout="constrained")
    axes = figure.subplots()
    axes.axis("off")
    cells = axes.table(shown.to_numpy().tolist(), colLabels=shown.columns.tolist(), loc="center", edges="horizontal")
    cells.auto_set_font_size(False)
    cells.set_fontsize(7)
    cells.auto_set_column_width(list(range(len(shown.columns))))
    print(shown.to_string(index=False), end="\n\n")
    reading = (
        "ResNet-50; difference to the dense network's test accuracy, means over seeds; *: not in the paper; its costs: "
        "p, of a layer of m x n weights, and P, of all N, are densities, q the larger of m and n, k iterations"
    )
    return Picture(figure, table, trained.footer(reading))


RECIPE = Recipe(name="price2021/table01_accuracy", about=__doc__, options=DensityOptions, points=points, draw=draw)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
