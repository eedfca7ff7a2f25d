"""Planted bugs: each patch beside this file breaks the program in one way, and a storm has to notice it."""
