"""Freezing curves as comma-separated text, from any freezer or logger that can export one."""
