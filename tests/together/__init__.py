"""Many people at one live site, each a process of its own: ``python -m tests.together``."""
