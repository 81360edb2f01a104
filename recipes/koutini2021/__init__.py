"""Koutini et al. 2021, Over-Parameterization and Generalization in Audio Classification."""
