"""The driver of one model, and its grammar."""
