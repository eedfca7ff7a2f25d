"""Beckman Coulter Vi-CELL BLU, through its result files."""
