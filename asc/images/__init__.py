"""Runs on images: descriptions, networks and schemes of weights, training one alone or many small ones together."""
