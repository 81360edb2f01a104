"""Figure 9 of Koutini 2021."""

from recipes.command import run_script
from recipes.koutini2021.map_figures import RECIPES

if __name__ == "__main__":
    run_script(RECIPES, __file__)
