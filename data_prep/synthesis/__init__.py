"""Synthesis of ten acoustic scenes in ten cities, for the demo set."""
