"""Ismatec Reglo ICC peristaltic pumps."""
