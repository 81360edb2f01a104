"""Which weights a network keeps: how many per layer, where, by which score, and at which step of training."""
