"""A person who pipettes by hand."""
