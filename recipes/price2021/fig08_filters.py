"""Figure 8: test accuracy of DCTpS networks by density, equally many weights per layer or per filter.

Runs: ResNet-50 and VGG-19 on CIFAR-10 and CIFAR-100, both allocations, eight densities, and dense, 200 epochs of Adam,
3 seeds: 204 runs (demo: 42), of which Figure 2 shares 108 (demo: 24). Which networks the paper drew is not in its text.
The paper found: equal per filter a little worse at every density.

    python recipes/price2021/fig08_filters.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.command import run_recipe
from recipes.price2021.density_figures import density_recipe
from recipes.price2021.grids import DensityOptions
from recipes.price2021.methods import Series

_SERIES: tuple[Series, ...] = ("DCTpS", "DCTpS (EPF)")


@dataclass(frozen=True, kw_only=True)
class Options(DensityOptions):
    """Draw Figure 8: accuracy where every layer, or every filter, trains equally many weights."""


RECIPE = density_recipe("fig08_filters", Options, {"resnet50": _SERIES, "vgg19": _SERIES}, sets=("cifar10", "cifar100"))

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
