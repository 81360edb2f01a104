"""Figure 2: test accuracy of ResNet-50 and VGG-19 by density, on CIFAR-10 and CIFAR-100.

Runs: DCTpS, FORCE, SynFlow, sparse with equally many weights per layer (EPL) and uniformly sparse, eight densities from
5 % to 0.01 %, and dense, each on both sets, 200 epochs of Adam, 3 seeds: 492 runs (demo: CIFAR-10 alone, networks of an
eighth of the width, images of 16 x 16, three densities from 20 % to 1 %, 5 epochs of 2,000 images: 96 runs).
The paper found: all as good as dense at 5 %; uniform collapses below 1 %, equal per layer below 0.5 %; at 0.01 % DCTpS
of ResNet-50 still has more than 80 % on CIFAR-10, 22 % above SynFlow; FORCE finds no VGG-19 below 0.05 %.

    python recipes/price2021/fig02_density.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.command import run_recipe
from recipes.price2021.density_figures import density_recipe
from recipes.price2021.grids import DensityOptions
from recipes.price2021.methods import COMPARED


@dataclass(frozen=True, kw_only=True)
class Options(DensityOptions):
    """Draw Figure 2: accuracy of ResNet-50 and VGG-19 by the share of weights that is trained."""


RECIPE = density_recipe(
    "fig02_density", Options, {"resnet50": COMPARED, "vgg19": COMPARED}, sets=("cifar10", "cifar100")
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
