"""Simulated sites, one folder each."""
