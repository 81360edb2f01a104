"""Removable and repeated units of a network (Casper 2021)."""
