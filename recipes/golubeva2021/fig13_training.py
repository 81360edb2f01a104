"""Figure 13: accuracy of Figure 5's runs on their training images, by connectivity.

Runs: those of Figure 5.
The paper found: large networks reach 100 %; of smaller ones training accuracy, like test accuracy, is highest where
they are sparse. It does not say how it was measured; the public code counts while it trains, on augmented images.


    python recipes/golubeva2021/fig13_training.py --data IMAGES --preset paper --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.command import Recipe, run_recipe
from recipes.golubeva2021.resnet_options import ResNetOptions, widened
from recipes.golubeva2021.resnet_panels import accuracy_picture


@dataclass(frozen=True, kw_only=True)
class Options(ResNetOptions):
    """Draw Figure 13: training accuracy by connectivity."""


RECIPE = Recipe(
    name="golubeva2021/fig13_training",
    options=Options,
    points=lambda options: widened(options.families(), "sparse"),
    draw=lambda _, trained: accuracy_picture(trained, "connectivity", "train_accuracy"),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
