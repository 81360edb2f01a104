"""Figure 6: highest validation accuracy of ResNet-18 on Tiny ImageNet by density.

Runs: DCTpS, FORCE and SynFlow, eight densities, and dense, 200 epochs of Adam, 3 seeds: 75 runs (demo: CIFAR-10 in
place of Tiny ImageNet, an eighth of the width, images of 16 x 16, three densities: 30 runs). Of Tiny ImageNet its own
validation part is looked at, as its test part has no labels; of CIFAR-10 what is held out of training.
The paper found: DCTpS best from 1 % down, by about 10 % at 0.1 %; FORCE fails in some runs below 0.5 %, and in all at
0.01 %.

    python recipes/price2021/fig06_tiny_imagenet.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.command import run_recipe
from recipes.price2021.density_figures import density_recipe
from recipes.price2021.grids import DensityOptions


@dataclass(frozen=True, kw_only=True)
class Options(DensityOptions):
    """Draw Figure 6: accuracy of ResNet-18 on Tiny ImageNet by the share of weights that is trained."""


RECIPE = density_recipe(
    "fig06_tiny_imagenet",
    Options,
    {"resnet18": ("DCTpS", "FORCE", "SynFlow")},
    sets=("tiny-imagenet",),
    measure="highest validation",
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
