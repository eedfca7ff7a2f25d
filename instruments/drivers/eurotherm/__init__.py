"""Controlled-rate freezers built on a Eurotherm 2400 or 3500 controller, over Modbus RTU or EI-Bisynch."""
