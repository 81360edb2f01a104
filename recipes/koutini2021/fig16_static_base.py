"""Figure 16: effective receptive fields of the base network, narrow, and wide at the same number of weights.

Runs: base, W = 64 and W = 512 with static sparsity, K = 0, 350 epochs, 3 seeds: 6 runs (demo: W = 8 and 32).
The paper found: nothing in words.

    python recipes/koutini2021/fig16_static_base.py --data PREPARED --preset paper --runs RUNS --out FIGURES
"""

import sys

from recipes.command import run_recipe
from recipes.koutini2021.receptive import by_sparse_width

RECIPE = by_sparse_width("koutini2021/fig16_static_base", "static", damped=False)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
