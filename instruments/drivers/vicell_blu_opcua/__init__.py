"""Vi-CELL BLU through its OPC UA server."""
