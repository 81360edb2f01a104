"""Price and Tanner 2021: networks that train a sparse offset of a dense transform, and pruned ones beside them."""
