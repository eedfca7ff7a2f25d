"""Interfaces, drivers and transports of instruments; imports the framework and nothing above it."""
