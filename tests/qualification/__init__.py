"""Requirements, and the matrix that leads from each of them to the tests that show it."""
