"""Runs recipes: runner, journal of effects, waits, prompts, timers, recovery and policies."""
