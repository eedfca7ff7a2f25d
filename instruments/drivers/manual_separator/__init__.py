"""A separator without an interface, worked by a person."""
