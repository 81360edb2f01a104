"""Figure B7: units of the layers of ResNet-18s on ImageNet, by size.

Runs: the ResNet-18s of Figure 4: sizes 1/4 to 4, one seed: 5. Demo, without ImageNet: small ones on CIFAR-10: 3.
The paper found: the last block layer is the most removable, the first convolution the most repeated.

    python recipes/casper2021/figb07_resnet18_layers.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys

from recipes.casper2021.imagenet import ImageNetOptions, resnet18_points
from recipes.casper2021.layers import layer_figure, stage_names
from recipes.casper2021.measuring import measure_units
from recipes.command import Recipe, run_recipe

RECIPE = Recipe(
    name="casper2021/figb07_resnet18_layers",
    options=ImageNetOptions,
    points=resnet18_points,
    draw=lambda options, trained: layer_figure(options, trained, stage_names(4)),
    measure=measure_units,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
