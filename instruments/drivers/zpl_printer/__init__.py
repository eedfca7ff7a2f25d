"""Label printers that understand ZPL (Zebra and others)."""
