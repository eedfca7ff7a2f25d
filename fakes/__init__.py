"""Fake devices: physics and vocabulary at the far end of the cable, in one world."""
