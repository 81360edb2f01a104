"""Labelled image sets for the companion papers: reading, splits, normalisation and augmentation."""
