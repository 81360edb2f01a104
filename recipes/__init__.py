"""Recipes of the papers' figures: descriptions, runs and plots."""
