"""Figure 9: as Figure 2, trained with SGD and momentum: ResNet-50 and VGG-19 on CIFAR-10 and CIFAR-100.

Runs: Figure 2's but for SynFlow, with rate 0.1 (DCTpS 0.03), momentum 0.9 and a tenth of the rate from epochs 120 and
160 on: 396 runs (demo: 78).
The paper found: as with Adam, all a little better, most at high densities.

    python recipes/price2021/fig09_sgd.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.command import run_recipe
from recipes.price2021.density_figures import density_recipe
from recipes.price2021.grids import DensityOptions
from recipes.price2021.methods import WITHOUT_SYNFLOW


@dataclass(frozen=True, kw_only=True)
class Options(DensityOptions):
    """Draw Figure 9: accuracy of ResNet-50 and VGG-19, trained with SGD, by the share of weights that is trained."""


RECIPE = density_recipe(
    "fig09_sgd",
    Options,
    {"resnet50": WITHOUT_SYNFLOW, "vgg19": WITHOUT_SYNFLOW},
    sets=("cifar10", "cifar100"),
    optimiser="sgd",
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
