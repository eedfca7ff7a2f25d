"""Controlled-rate freezers behind an OPC UA server that follows LADS (OPC 30500-1)."""
