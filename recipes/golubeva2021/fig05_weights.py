"""Figure 5: best test accuracy of ResNet-18s by width, at five numbers of weights: dense, and wider and sparser.

Runs: CIFAR-10, CIFAR-100 and SVHN, the weights of dense networks 8, 12, 18, 40 and 64 wide kept at random places of
wider ones, up to width 181, 300 epochs, 3 seeds: 333 runs (demo: CIFAR-10, the weights of widths 4 and 8 in networks up
to width 24, 10 epochs of 5,000 images made 16 x 16, tested on 2,000: 21 runs).
The paper found: accuracy grows with width at a fixed number of weights, most for hard tasks and small networks; where
connectivity becomes too small it falls again.


    python recipes/golubeva2021/fig05_weights.py --data IMAGES --preset paper --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.command import Recipe, run_recipe
from recipes.golubeva2021.resnet_options import ResNetOptions, widened
from recipes.golubeva2021.resnet_panels import accuracy_picture


@dataclass(frozen=True, kw_only=True)
class Options(ResNetOptions):
    """Draw Figure 5: accuracy by width at a fixed number of weights."""


RECIPE = Recipe(
    name="golubeva2021/fig05_weights",
    options=Options,
    points=lambda options: widened(options.families(), "sparse"),
    draw=lambda _, trained: accuracy_picture(trained, "width"),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
