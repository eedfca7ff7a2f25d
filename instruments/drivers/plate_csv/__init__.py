"""Signals of a 96-well plate as comma-separated text, from any plate reader that can export a list of wells."""
