"""Drills: one trouble during one operation of a throwaway simulated site, handled by a person or by a script."""
