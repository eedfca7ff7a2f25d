"""Simulated sites: folders with a site file each, the plant that is built from them, and the people who work there."""
