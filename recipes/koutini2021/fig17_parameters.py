"""Figure 17: accuracy of the base network against its number of parameters, scaled in four ways.

Series: width W; depth D; depth without a larger receptive field, K; width and depth together. Not given in the paper:
the depth series stand at W = 128, width and depth at W in {32, 128, 512} and D in {2, 3}. 3 seeds (demo: W up to 32).
The paper found: at equal parameters width generalises best to unseen devices; width and depth come close to it.

    python recipes/koutini2021/fig17_parameters.py --data PREPARED --preset paper --runs RUNS --out FIGURES
"""

import sys

from recipes.command import run_recipe
from recipes.koutini2021.scaling import scaling_recipe

RECIPE = scaling_recipe("koutini2021/fig17_parameters", damped=False)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
