"""Figure B9: units of three blocks of Inception-v3s on ImageNet of which the first, 35 x 35, alone varies in size.

Runs: the Inception-v3s of Figure 4 with one layer of sizes 1/4 to 4, one seed: 5. Demo, without ImageNet: small ones on
CIFAR-10, sizes 1/4, 1 and 4: 3.
The paper found: the other layers' units hardly change as that layer grows.

    python recipes/casper2021/figb09_one_layer.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys

from recipes.casper2021.imagenet import ImageNetOptions, layer_points
from recipes.casper2021.layers import INCEPTION_LAYERS, layer_figure
from recipes.casper2021.measuring import measure_units
from recipes.command import Recipe, run_recipe

RECIPE = Recipe(
    name="casper2021/figb09_one_layer",
    options=ImageNetOptions,
    points=layer_points,
    measure=measure_units,
    draw=lambda options, trained: layer_figure(
        options, trained, INCEPTION_LAYERS, xlabel="size factor of the last 35 x 35"
    ),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
