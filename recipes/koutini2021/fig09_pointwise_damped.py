"""Figure 9: effective receptive fields of the damped network without pointwise blocks and with many, W = 128.

Runs: damped, K = 0 and 4, 3 seeds: 6 runs, which Figure 5 trains too (demo: W = 16, K = 0 and 3).
The paper found: 1x1 blocks leave the maximum receptive field as it is and widen the effective one, countering the
damping.

    python recipes/koutini2021/fig09_pointwise_damped.py --data PREPARED --preset paper --runs RUNS --out FIGURES
"""

import sys

from recipes.command import run_recipe
from recipes.koutini2021.receptive import by_pointwise_depth

RECIPE = by_pointwise_depth("koutini2021/fig09_pointwise_damped", damped=True)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
