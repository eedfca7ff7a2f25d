"""A tube sealer without an interface, worked by a person."""
