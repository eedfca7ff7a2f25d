"""Plant: assets and their alarms."""
