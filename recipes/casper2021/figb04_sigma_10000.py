"""Figure B4: units of perceptrons on 10,000-dimensional data, by size and by the deviation of initial weights.

Runs: students of 1/4 to 4 times 128 hidden units, σ from 1e-4 to 1e5 (the published code's; demo: 1e-3 to 1), five
learning rates (demo: three), momentum, 50 epochs of 1,000 examples labelled by a random teacher of 32 units, 3 seeds:
750 runs (demo: 180). The learning rate of each point is the best on 1,000 validation examples.
The paper found: accuracy and removability flat at every σ; similarity grows with size where σ is small, not where it is
large.

    python recipes/casper2021/figb04_sigma_10000.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys

from recipes.casper2021.sigmas import sigma_recipe
from recipes.command import run_recipe

RECIPE = sigma_recipe("casper2021/figb04_sigma_10000", inputs=10_000)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
