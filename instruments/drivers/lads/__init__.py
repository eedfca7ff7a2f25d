"""Devices behind an OPC UA server that follows LADS (OPC 30500-1), the vendors' common model of laboratory devices."""
