"""Pure analysis of tables, networks and batches: numbers, plots and report pages."""
