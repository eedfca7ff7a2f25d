"""Curiox Laminar Wash HT2000 plate washers."""
