"""Recipes run as their users do, in a tiny form; and what stands on disk then."""

from pathlib import Path

import pandas as pd

from asc.run_folder import find_runs
from data_prep.storage import PreparedSet
from recipes.command import Recipe, run_recipe


def make(recipe: Recipe, prepared: PreparedSet, folder: Path, *more: str) -> int:
    places = ["--data", str(prepared.folder), "--runs", str(folder / "runs"), "--out", str(folder / "figures")]
    small = ["--epochs", "1", "--seeds", "1", "--accelerator", "cpu", "--precision", "32-true"]
    return run_recipe(recipe, [*places, *small, *more])


def table(recipe: Recipe, folder: Path) -> pd.DataFrame:
    return pd.read_csv((folder / "figures" / recipe.name).with_suffix(".csv"))


def trained(folder: Path) -> int:
    return len(find_runs([folder / "runs"]))
