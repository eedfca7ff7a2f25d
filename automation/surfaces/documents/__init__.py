"""Documents: the batch record as PDF and HTML, and plots."""
