"""Torrey Pines EchoTherm dry baths."""
