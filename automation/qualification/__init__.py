"""Qualification protocols: read from their files, executed as far as the program can, resumed after a stop."""
