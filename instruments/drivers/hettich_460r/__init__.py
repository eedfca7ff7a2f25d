"""The Hettich Rotanta 460 Robotic."""
