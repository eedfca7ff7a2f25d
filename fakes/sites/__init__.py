"""Simulated site folders and the scripted people who work there."""
