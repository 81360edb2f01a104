"""Figure 11: Figure 5's runs by connectivity, the share of a network's weights that is there.

Runs: those of Figure 5.
The paper found: the best connectivity is 1 to 10 % (3 to 10 times the width), about the same for all small networks.


    python recipes/golubeva2021/fig11_connectivity.py --data IMAGES --preset paper --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.command import Recipe, run_recipe
from recipes.golubeva2021.resnet_options import ResNetOptions, widened
from recipes.golubeva2021.resnet_panels import accuracy_picture


@dataclass(frozen=True, kw_only=True)
class Options(ResNetOptions):
    """Draw Figure 11: accuracy by connectivity."""


RECIPE = Recipe(
    name="golubeva2021/fig11_connectivity",
    options=Options,
    points=lambda options: widened(options.families(), "sparse"),
    draw=lambda _, trained: accuracy_picture(trained, "connectivity"),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
