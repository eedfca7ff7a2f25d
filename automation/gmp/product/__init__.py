"""Product: batches, containers and the chain of identity."""
