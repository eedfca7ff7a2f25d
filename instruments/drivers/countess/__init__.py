"""Countess 3 and 3 FL: result files in a folder."""
