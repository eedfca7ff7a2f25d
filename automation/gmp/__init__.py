"""The objects of good manufacturing practice in five wings, and the one door through which they change."""
