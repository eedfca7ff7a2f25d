"""Metabolites that a person measures and enters."""
