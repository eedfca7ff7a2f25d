"""Drivers, one folder for each model."""
