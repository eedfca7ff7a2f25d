"""Recipes: the master batch record as YAML, checked against the operations it names, bound when a step starts."""
