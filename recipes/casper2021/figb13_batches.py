"""Figure B13: units of AlexNets and ResNet-56s on CIFAR-10, by size and the factor k of batch size and learning rate.

Runs: AlexNets (rate 0.01 k) and ResNet-56s (0.1 k) of sizes 1/4 to 4, batches of 128 k, k = 1/4, 1, 4, 3 seeds, without
the AlexNet of size 4 at k = 4, which the paper could not train: 87 (demo: 1/8 and 1/4, batches of 32 k: 36). Those of
k = 1 are Figures 6's and 5's.
The paper found: trends do not depend on k; units tend to be a little more compressible at higher k.

    python recipes/casper2021/figb13_batches.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys
from dataclasses import replace
from fractions import Fraction

from recipes.casper2021.cifar import CIFAR_SIZES, FACTORS, alexnet_points, resnet56_points
from recipes.casper2021.measuring import measure_units
from recipes.casper2021.sizes import SIZES, ResNetOptions, SizedPoint
from recipes.casper2021.unit_figures import unit_figure
from recipes.command import Recipe, run_recipe
from recipes.points import Preset

_SIZES: dict[Preset, tuple[float, ...]] = {"paper": SIZES, "demo": CIFAR_SIZES["demo"][:2]}


def points(options: ResNetOptions) -> list[SizedPoint]:
    """Return both networks of every size and factor that was trained."""
    options = replace(options, sizes=options.sizes or _SIZES[options.preset])
    series = {f"k = {Fraction(factor)}": {"factor": factor} for factor in FACTORS}
    alexnets = alexnet_points(options, {f"AlexNet, {name}": given for name, given in series.items()})
    resnets = resnet56_points(options, {f"ResNet-56, {name}": given for name, given in series.items()})
    return [point for point in alexnets if (point.size, point.run.training.batch_size) != (4, 512)] + resnets


RECIPE = Recipe(
    name="casper2021/figb13_batches", options=ResNetOptions, points=points, draw=unit_figure, measure=measure_units
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
