"""Capabilities that no interface of Cellwright has."""
