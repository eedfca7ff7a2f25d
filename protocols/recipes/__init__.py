"""Recipes as YAML, approved by hash."""
