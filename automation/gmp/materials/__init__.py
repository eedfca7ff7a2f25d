"""Materials: the lots that are consumed."""
