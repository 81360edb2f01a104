"""Figure 7 of Price 2021."""

from recipes.command import run_script
from recipes.price2021.layer_counts import RECIPES

if __name__ == "__main__":
    run_script(RECIPES, __file__)
