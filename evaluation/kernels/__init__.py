"""Kernels of sparse two-layer ReLU networks and their distance from the kernel of an infinite dense network."""
