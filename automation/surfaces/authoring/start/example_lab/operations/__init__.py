"""Unit operations, one module each."""
