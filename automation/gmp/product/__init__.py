"""Product: batches and the containers that hold it."""
