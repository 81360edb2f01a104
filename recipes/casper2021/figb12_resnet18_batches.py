"""Figure B12 of Casper 2021."""

from recipes.casper2021.units_by_size import RECIPES
from recipes.command import run_script

if __name__ == "__main__":
    run_script(RECIPES, __file__)
