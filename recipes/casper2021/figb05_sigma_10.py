"""Figure B5: units of perceptrons on 10-dimensional data, by size and by the deviation of initial weights.

Runs: as Figure B4 in all but the dimension of the data: 750 runs (demo: 180).
The paper found: accuracy and removability flat at every σ; similarity grows with size at every σ.

    python recipes/casper2021/figb05_sigma_10.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys

from recipes.casper2021.sigmas import sigma_recipe
from recipes.command import run_recipe

RECIPE = sigma_recipe("casper2021/figb05_sigma_10", inputs=10)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
