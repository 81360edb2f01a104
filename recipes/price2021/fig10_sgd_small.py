"""Figure 10: as Figure 3, trained with SGD and momentum: MobileNetV2 and Fixup ResNet-110 on CIFAR-100.

Runs: rate 0.1 (DCTpS 0.03), momentum 0.9 and a tenth of the rate from epochs 120 and 160 on, no SynFlow, 3 seeds: 174
runs (demo: CIFAR-10 in place of CIFAR-100: 69 runs).
The paper found: as with Adam.

    python recipes/price2021/fig10_sgd_small.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.command import run_recipe
from recipes.price2021.density_figures import density_recipe
from recipes.price2021.grids import DensityOptions
from recipes.price2021.methods import RANDOM, WITHOUT_SYNFLOW


@dataclass(frozen=True, kw_only=True)
class Options(DensityOptions):
    """Draw Figure 10: accuracy of MobileNetV2 and Fixup ResNet-110, trained with SGD, by what share is trained."""


RECIPE = density_recipe(
    "fig10_sgd_small",
    Options,
    {"mobilenetv2": WITHOUT_SYNFLOW, "fixup-resnet110": RANDOM},
    sets=("cifar100",),
    optimiser="sgd",
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
