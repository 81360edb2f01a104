"""Figure 2: share of predicted labels that do not change as units are ablated, of AlexNets on CIFAR-10 by size.

Runs: the Glorot and He AlexNets of Figure 6: sizes 1/4 to 4, 3 seeds: 30 (demo: 1/8 to 1/2: 18).
The paper found: the wider a network with Glorot initialisation, the less ablating a share of its units changes; with
He initialisation width makes no such difference.
"""

import sys

import pandas as pd
from matplotlib.figure import Figure

from asc.images.units import curves_of
from asc.run_folder import RunFolder
from evaluation.units.settings import CODE_REMOVABILITY, RemovabilitySettings
from recipes.accuracies import draw_series
from recipes.casper2021.cifar import glorot_and_he
from recipes.casper2021.measuring import measure_units, over_runs
from recipes.casper2021.sizes import SizedPoint, SizeOptions, size_name
from recipes.command import Recipe, run_recipe
from recipes.trained import Picture, Trained

_READING = (
    "mean of the curves of each layer ablated by itself, over three orders of its units; sizes side by side; bars: "
    "standard deviation over runs"
)


def curve_table(options: SizeOptions, trained: Trained) -> pd.DataFrame:
    """Return one row per initialiser, size and share of units ablated, in per cent.

    `unchanged` as the paper has it, `unchanged_code` with the share ablated in all layers at once, as in its code.
    """

    def measure(_point: SizedPoint, folder: RunFolder) -> pd.DataFrame:
        found = {}
        for name, settings in (("unchanged", RemovabilitySettings()), ("unchanged_code", CODE_REMOVABILITY)):
            curves = curves_of(folder, options.data, settings, trained.accelerator)
            ablated = (100 * curves["share"]).round(1).rename("ablated")
            found[name] = 100 * curves["unchanged"].groupby(ablated).mean()
        return pd.DataFrame(found)

    table = over_runs(trained.points, trained, measure).rename(columns={"series": "initialiser"})
    table.insert(0, "series", table["size"].map(size_name))
    return table


def draw(options: SizeOptions, trained: Trained) -> Picture:
    """Draw a panel for each initialiser, a line for each size."""
    table = curve_table(options, trained)
    panels = {str(name): curves for name, curves in table.groupby("initialiser", sort=False)}
    figure = Figure(figsize=(6.6, 2.8), layout="constrained")
    several = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (name, curves) in zip(several, panels.items(), strict=True):
        draw_series(axes, curves, "ablated", "unchanged")
        axes.set(title=f"{name} AlexNet", xlabel="units ablated, %", ylim=(0, 101))
    several[0].set_ylabel("labels unchanged, %")
    handles, names = several[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", fontsize=7, title="size")
    return Picture(figure, table, trained.footer(_READING))


RECIPE = Recipe(
    name="casper2021/fig02_ablation",
    about=__doc__,
    options=SizeOptions,
    points=glorot_and_he,
    draw=draw,
    measure=measure_units,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
