"""Run histories of cell washers as files."""
