"""Figure B6: units of the layers of ResNet-56s on CIFAR-10, by size.

Runs: the ResNet-56s of Figure 5: sizes 1/4 to 4, 3 seeds: 15 (demo: 1/8 to 1/2: 9).
The paper found: each layer has a curve of its own; the first convolution and the last block layer are the most
removable and repeated.

    python recipes/casper2021/figb06_resnet56_layers.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys

from recipes.casper2021.cifar import resnet56_points
from recipes.casper2021.layers import layer_figure, stage_names
from recipes.casper2021.measuring import measure_units
from recipes.casper2021.sizes import ResNetOptions
from recipes.command import Recipe, run_recipe

RECIPE = Recipe(
    name="casper2021/figb06_resnet56_layers",
    options=ResNetOptions,
    points=lambda options: resnet56_points(options, {"ResNet-56": {}}),
    measure=measure_units,
    draw=lambda options, trained: layer_figure(options, trained, stage_names(3)),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
