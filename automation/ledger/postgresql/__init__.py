"""A ledger in PostgreSQL: where it is, how it is logged in to, read and written, and who owns it."""
