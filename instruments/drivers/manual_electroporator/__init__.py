"""An electroporator without an interface, worked by a person."""
