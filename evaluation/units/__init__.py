"""What a network's units are worth to it: which can be removed, and which repeat others (Casper 2021)."""
