"""Controlled-rate freezers and chambers on a Watlow F4T controller."""
