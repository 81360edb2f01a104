"""Figure 10: effective receptive fields of the base network without pointwise blocks and with many, W = 128.

Runs: base, K = 0 and 4, 3 seeds: 6 runs, which Figure 5 trains too (demo: W = 16, K = 0 and 3).
The paper shows it beside Figure 9 and says nothing of it in words.

    python recipes/koutini2021/fig10_pointwise_base.py --data PREPARED --preset paper --runs RUNS --out FIGURES
"""

import sys

from recipes.command import run_recipe
from recipes.koutini2021.receptive import by_pointwise_depth

RECIPE = by_pointwise_depth("koutini2021/fig10_pointwise_base", damped=False)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
