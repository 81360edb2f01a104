"""Figure 13: effective receptive fields of the damped network, narrow, and wide at the same number of weights.

Runs: damped, W = 64 and W = 512 with iterative sparsity, K = 0, 350 epochs, 3 seeds: 6 runs (demo: W = 8 and 32).
The paper found: magnitude pruning narrows the field in frequency, as it takes the damped weights first.

    python recipes/koutini2021/fig13_iterative_damped.py --data PREPARED --preset paper --runs RUNS --out FIGURES
"""

import sys

from recipes.command import run_recipe
from recipes.koutini2021.receptive import by_sparse_width

RECIPE = by_sparse_width("koutini2021/fig13_iterative_damped", "iterative", damped=True)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
