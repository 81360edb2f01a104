"""Recordings to prepared sets: metadata, splits, features, storage, device simulation, the demo set."""
