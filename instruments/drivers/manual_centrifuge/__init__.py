"""A centrifuge without an interface, worked by a person."""
