"""Gain of wider ResNet-18s over the dense network that they were widened from (Golubeva 2021)."""

import pandas as pd


def improvement_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per image set, base width and width: the dense network, then those that are wider and sparser.

    Parameters
    ----------
    table
        As `recipes.golubeva2021.resnet_panels.resnet_table` returns it.

    Returns
    -------
    DataFrame
        Its columns; factor (of widening); base and dense, the accuracies of the dense networks as narrow and as wide;
        fraction (of improvement, NaN where dense is no better than base) and fraction_sd.
    """
    dense, sparse = (table[table["method"] == method] for method in ("dense", "sparse"))
    bases = sparse[["data", "base_width"]].drop_duplicates()
    rows = pd.concat([bases.merge(dense, on=["data", "base_width"]), sparse])
    for name, column in (("base", "base_width"), ("dense", "width")):
        scores = {"width": column, "mean": name, "sd": f"{name}_sd"}
        rows = rows.merge(dense[["data", *scores]].rename(columns=scores), on=["data", column], how="left")
    gain = (rows["dense"] - rows["base"]).where(rows["dense"] > rows["base"])
    fraction = (rows["mean"] - rows["base"]) / gain
    variance = rows["sd"] ** 2 + ((1 - fraction) * rows["base_sd"]) ** 2 + (fraction * rows["dense_sd"]) ** 2
    factor = rows["width"] / rows["base_width"]
    return rows.assign(factor=factor, fraction=fraction, fraction_sd=variance**0.5 / gain)
