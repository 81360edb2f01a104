"""Figure 6: units of AlexNets on CIFAR-10, by size, whose weights start after Glorot, He and LeCun, normal.

Runs: AlexNets of sizes 1/4 to 4, up to 500 epochs, 3 initialisers, 3 seeds: 45 (demo: 1/8 to 1/2, 6 epochs: 27).
The paper found: Glorot: removability rises, similarity hardly; He: similarity rises steeply, removability does not;
LeCun: both, between the two.

    python recipes/casper2021/fig06_initialisers.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys

from recipes.casper2021.cifar import INITIALISERS, alexnet_points
from recipes.casper2021.measuring import measure_units
from recipes.casper2021.sizes import SizeOptions
from recipes.casper2021.unit_figures import UNITS, unit_figure
from recipes.command import Recipe, run_recipe

RECIPE = Recipe(
    name="casper2021/fig06_initialisers",
    options=SizeOptions,
    points=lambda options: alexnet_points(options, INITIALISERS["normal"]),
    measure=measure_units,
    draw=lambda options, trained: unit_figure(options, trained, UNITS),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
