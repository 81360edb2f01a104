"""One module a figure: a list of runs and a plot."""
