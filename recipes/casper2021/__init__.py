"""Casper et al. 2021: removable and repeated units emerge in overparametrized networks."""
