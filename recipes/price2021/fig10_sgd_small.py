"""Figure 10 of Price 2021."""

from recipes.command import run_script
from recipes.price2021.density_figures import RECIPES

if __name__ == "__main__":
    run_script(RECIPES, __file__)
