"""Courses that come with the program: a text, questions on it and their answers; a version is never changed."""
