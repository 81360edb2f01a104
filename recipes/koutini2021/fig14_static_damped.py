"""Figure 14: effective receptive fields of the damped network, narrow, and wide at the same number of weights.

Runs: damped, W = 64 and W = 512 with static sparsity, K = 0, 350 epochs, 3 seeds: 6 runs (demo: W = 8 and 32).
The paper found: random pruning before training does not narrow it.

    python recipes/koutini2021/fig14_static_damped.py --data PREPARED --preset paper --runs RUNS --out FIGURES
"""

import sys

from recipes.command import run_recipe
from recipes.koutini2021.receptive import by_sparse_width

RECIPE = by_sparse_width("koutini2021/fig14_static_damped", "static", damped=True)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
