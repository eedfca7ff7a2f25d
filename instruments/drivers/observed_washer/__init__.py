"""A washer that a person works at its panel, because nobody can talk to it."""
