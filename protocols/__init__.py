"""Unit operations as state-machine protocols, and the recipes that run them."""
