"""The kernel of sparse two-layer ReLU networks, and how far it lies from that of an infinite dense one."""
