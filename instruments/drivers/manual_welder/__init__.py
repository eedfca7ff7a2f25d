"""A sterile welder without an interface, worked by a person."""
