"""Figure 1: best test accuracy of ResNet-18s by width, at one number of weights, on each image set.

Runs: ImageNet with the weights of width 64, CIFAR-10, CIFAR-100 and SVHN with those of width 18, 3 seeds: 87 runs,
Table 1's and Figure 5's among them (demo: CIFAR-10 with the weights of width 4: 12 runs).
The paper found: accuracy grows with width on all four.

    python recipes/golubeva2021/fig01_width.py --data IMAGES --preset paper --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.command import Recipe, run_recipe
from recipes.golubeva2021.resnet_options import ONE_BASE_WIDTH, ResNetOptions, Sets, widened
from recipes.golubeva2021.resnet_panels import accuracy_picture

_SETS: Sets = {
    "paper": ("imagenet", "cifar10", "cifar100", "svhn"),
    "demo": ("cifar10",),
}


@dataclass(frozen=True, kw_only=True)
class Options(ResNetOptions):
    """Draw Figure 1: accuracy by width at one number of weights."""


RECIPE = Recipe(
    name="golubeva2021/fig01_width",
    options=Options,
    points=lambda options: widened(options.families(_SETS, ONE_BASE_WIDTH), "sparse"),
    draw=lambda _, trained: accuracy_picture(trained, "width"),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
