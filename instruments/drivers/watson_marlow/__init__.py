"""Watson-Marlow pumps with a serial port."""
