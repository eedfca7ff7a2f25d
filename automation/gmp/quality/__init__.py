"""Quality: what went otherwise than planned, and what was decided about it."""
