"""Analysis of predictions and networks: accuracies, intervals, receptive fields, units, kernels, and report pages."""
