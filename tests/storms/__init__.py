"""Storms: seeded faults over every link of a site, and what must hold however they fall."""
