"""Networks for spectrograms."""
