"""A thawer or a water bath that a person works."""
