"""The engine: recipes, the runner, the binding that records each effect, waits, prompts, timers and policies."""
