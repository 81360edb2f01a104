"""Batch augmentations, each a file and a line of the registry."""
