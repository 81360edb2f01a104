"""Figure 3: test accuracy of MobileNetV2 and Fixup ResNet-110 by density, on CIFAR-10.

Runs: as Figure 2's; no FORCE and SynFlow of the Fixup ResNet, whose scores are zero everywhere (appendix D.2): 198 runs
(demo: quarter widths, as Figure 2's otherwise: 78 runs).
The paper found: at 0.01 % DCTpS of MobileNetV2 still has about 70 %, at 0.1 % that of the Fixup ResNet about 45 %, more
than 20 % above equal per layer.

    python recipes/price2021/fig03_small_networks.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.command import run_recipe
from recipes.price2021.density_figures import density_recipe
from recipes.price2021.grids import DensityOptions
from recipes.price2021.methods import COMPARED, RANDOM


@dataclass(frozen=True, kw_only=True)
class Options(DensityOptions):
    """Draw Figure 3: accuracy of MobileNetV2 and Fixup ResNet-110 by the share of weights that is trained."""


RECIPE = density_recipe(
    "fig03_small_networks", Options, {"mobilenetv2": COMPARED, "fixup-resnet110": RANDOM}, sets=("cifar10",)
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
