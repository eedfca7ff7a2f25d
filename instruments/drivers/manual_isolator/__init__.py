"""An isolator without an interface, read by a person."""
