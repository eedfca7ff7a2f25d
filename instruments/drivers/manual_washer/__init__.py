"""Washing by a person with a centrifuge."""
