"""Controlled-rate freezers that nobody can talk to: a person works the panel, a probe and the run report are judged."""
