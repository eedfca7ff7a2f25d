"""Grammar of the two protocols, and the published addresses; no I/O."""
