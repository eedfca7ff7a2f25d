"""Equations of the simulated plant, on a fixed grid of 1 s; asked, never driven, by whoever looks."""
