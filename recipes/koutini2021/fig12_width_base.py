"""Figure 12: effective receptive fields of the base network, narrow and wide, without pointwise blocks.

Runs: base, W = 32 and 512, K = 0, 3 seeds: 6 runs (demo: W = 8 and 32).
The paper found: width focuses the effective receptive field in the middle of the maximum one, in both networks.

    python recipes/koutini2021/fig12_width_base.py --data PREPARED --preset paper --runs RUNS --out FIGURES
"""

import sys

from recipes.command import run_recipe
from recipes.koutini2021.receptive import by_width

RECIPE = by_width("koutini2021/fig12_width_base", damped=False)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
