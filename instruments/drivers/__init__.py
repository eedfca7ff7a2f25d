"""Drivers, one folder per maker and model: wire.py (grammar, no I/O) and driver.py."""
