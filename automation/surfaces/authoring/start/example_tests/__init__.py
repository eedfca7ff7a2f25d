"""Tests, one module for each part."""
