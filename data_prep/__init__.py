"""Preparation of data sets: metadata, splits, features, storage, device simulation and the demo set."""
