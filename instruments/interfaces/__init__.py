"""Capabilities: one file per interface; operations know these and never a driver."""
