"""Gibco CTS Rotea counterflow centrifugation system, through the OPC UA server of its Run Manager."""
