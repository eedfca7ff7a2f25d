"""A process on its way to another site: what differs there, what is frozen for it, and what came of it."""
