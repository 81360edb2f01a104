"""Runs on acoustic scenes: clips on their way to the device, predictions, maps."""
