"""Recipes as YAML."""
