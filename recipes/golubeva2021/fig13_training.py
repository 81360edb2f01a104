"""Figure 13 of Golubeva 2021."""

from recipes.command import run_script
from recipes.golubeva2021.width_figures import RECIPES

if __name__ == "__main__":
    run_script(RECIPES, __file__)
