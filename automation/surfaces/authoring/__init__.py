"""Working starts for authors: a project, an operation, a driver, a recipe. ``start`` holds the one that they come from.

``start`` is a whole project that is checked and run as it stands; what is written is a copy of a part of it under
other names.
"""
