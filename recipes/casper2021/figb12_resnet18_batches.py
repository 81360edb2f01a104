"""Figure B12: units of ResNet-18s on ImageNet, by size and the factor k of batch size and learning rate.

Runs: ResNet-18s of sizes 1/4 to 4, batches of 256 k at a rate of 0.1 k, k = 1/4, 1, 4, and the largest batch that the
authors' machine held (8,192 to 512, larger ones are left out), 90 epochs, one seed: 18. Demo, without ImageNet: small
ones on CIFAR-10, batches of 32 k, 8 epochs: 11. The published code has batches of 1,024, 2,048 and the largest.
The paper found: trends do not depend on k.

    python recipes/casper2021/figb12_resnet18_batches.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys

from recipes.casper2021.imagenet import ImageNetOptions, resnet18_batches
from recipes.casper2021.measuring import measure_units
from recipes.casper2021.unit_figures import unit_figure
from recipes.command import Recipe, run_recipe

RECIPE = Recipe(
    name="casper2021/figb12_resnet18_batches",
    options=ImageNetOptions,
    points=resnet18_batches,
    measure=measure_units,
    draw=unit_figure,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
