"""Images with labels, for the recipes of the three papers on image networks: read, split, normalised, augmented."""
