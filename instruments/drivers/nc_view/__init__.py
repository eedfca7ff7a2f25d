"""NC-View: result files of cell counters of ChemoMetec."""
