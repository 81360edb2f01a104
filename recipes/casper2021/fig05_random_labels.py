"""Figure 5: units of AlexNets and ResNet-56s on CIFAR-10, by size, trained on true and on random labels.

Runs: AlexNets (with all regularisers, or on random labels with none, up to 5,000 epochs) and ResNet-56s of sizes 1/4 to
4, 3 seeds: 60 (demo: 1/8 to 1/2: 36, random labels of 300 images).
The paper found: removability, repetition or both grow with size on random labels as well; in ResNet-56s random labels
keep removability flat and make units more repeated.

    python recipes/casper2021/fig05_random_labels.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys

from recipes.casper2021.cifar import labelled_points
from recipes.casper2021.measuring import measure_units
from recipes.casper2021.sizes import ResNetOptions
from recipes.casper2021.unit_figures import UNITS, unit_figure
from recipes.command import Recipe, run_recipe

RECIPE = Recipe(
    name="casper2021/fig05_random_labels",
    options=ResNetOptions,
    points=labelled_points,
    draw=lambda options, trained: unit_figure(options, trained, UNITS),
    measure=measure_units,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
