"""Memmert incubators over their AtmoWEB interface."""
