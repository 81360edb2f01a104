"""Figure 4: units of ResNet-18s and Inception-v3s on ImageNet, by size.

Runs: ResNet-18s of sizes 1/4 to 4, Inception-v3s of 1/4 to 1, and of size 1 with one layer, the last of 35 x 35, of 1/4
to 4, whose units alone are counted there; 90 epochs, one seed: 12. Demo, without ImageNet: small ones on CIFAR-10, the
layer in Inception-v3s of size 1/4, 8 and 3 epochs, in which Inception-v3s learn next to nothing: 8.
The paper found: removability grows with size in all; similarity grows in ResNet-18s and falls in Inception-v3s.

    python recipes/casper2021/fig04_imagenet.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys

from recipes.casper2021.imagenet import ImageNetOptions, imagenet_points
from recipes.casper2021.measuring import measure_units
from recipes.casper2021.unit_figures import UNITS, unit_figure
from recipes.command import Recipe, run_recipe

RECIPE = Recipe(
    name="casper2021/fig04_imagenet",
    options=ImageNetOptions,
    points=imagenet_points,
    measure=measure_units,
    draw=lambda options, trained: unit_figure(options, trained, UNITS),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
