"""Figure B3: units of AlexNets on CIFAR-10, by size, whose weights start after Glorot, He and LeCun, uniform.

Runs: as Figure 6's but for the shape of the distribution: 45 (demo: 27).
The paper found: very much what it found with normal distributions; their variance matters, not their shape.

    python recipes/casper2021/figb03_uniform.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys

from recipes.casper2021.cifar import INITIALISERS, alexnet_points
from recipes.casper2021.measuring import measure_units
from recipes.casper2021.sizes import SizeOptions
from recipes.casper2021.unit_figures import unit_figure
from recipes.command import Recipe, run_recipe

RECIPE = Recipe(
    name="casper2021/figb03_uniform",
    options=SizeOptions,
    points=lambda options: alexnet_points(options, INITIALISERS["uniform"]),
    measure=measure_units,
    draw=unit_figure,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
