"""What a map says, how it is read from its file, and how registers become values."""
