"""Figure B10: units of AlexNets on CIFAR-10, by size and explicit regulariser.

Runs: AlexNets of sizes 1/4 to 4 with none, data augmentation, dropout, weight decay (of fc3 and fc4) and all three, up
to 500 epochs, 1,000 where images are augmented, 3 seeds: 75 (demo: 1/8 to 1/2, 6 epochs: 45). Those without are
Figure 6's.
The paper found: regularisers shift the curves, not their trends; dropout makes units much more removable and more
repeated, weight decay a little.

    python recipes/casper2021/figb10_regularisers.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys

from recipes.casper2021.cifar import ALL_REGULARISERS, REGULARISERS, alexnet_points
from recipes.casper2021.measuring import measure_units
from recipes.casper2021.sizes import SizeOptions
from recipes.casper2021.unit_figures import unit_figure
from recipes.command import Recipe, run_recipe

RECIPE = Recipe(
    name="casper2021/figb10_regularisers",
    options=SizeOptions,
    points=lambda options: alexnet_points(options, {"none": {}, **REGULARISERS, "all": ALL_REGULARISERS}),
    draw=unit_figure,
    measure=measure_units,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
