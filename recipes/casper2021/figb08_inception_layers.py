"""Figure B8: units of the last blocks of 35 x 35, 17 x 17 and 8 x 8 of Inception-v3s on ImageNet, by size.

Runs: the Inception-v3s of Figure 4: sizes 1/4 to 1, one seed: 3. Demo, without ImageNet: small ones on CIFAR-10, whose
blocks are 7 x 7, 3 x 3 and 1 x 1: 3.
The paper found: the deeper a block, the more removable; that of 17 x 17 is the most repeated.

    python recipes/casper2021/figb08_inception_layers.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys

from recipes.casper2021.imagenet import ImageNetOptions, inception_points
from recipes.casper2021.layers import INCEPTION_LAYERS, layer_figure
from recipes.casper2021.measuring import measure_units
from recipes.command import Recipe, run_recipe

RECIPE = Recipe(
    name="casper2021/figb08_inception_layers",
    options=ImageNetOptions,
    points=inception_points,
    measure=measure_units,
    draw=lambda options, trained: layer_figure(options, trained, INCEPTION_LAYERS),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
