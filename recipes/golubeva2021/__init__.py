"""Figures of Golubeva et al. 2021, "Are wider nets better given the same number of parameters?"."""
