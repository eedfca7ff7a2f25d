"""Qualification protocols as they are shipped: starts for a site's own, with the source of every limit."""
