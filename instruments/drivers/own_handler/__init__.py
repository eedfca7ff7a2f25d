"""Liquid handler of our own, for fast simulation: a small open line grammar that is no vendor's."""
