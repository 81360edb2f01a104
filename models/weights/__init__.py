"""Schemes that make a layer's weight out of its parameters."""
