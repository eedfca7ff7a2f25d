"""Plant: equipment, its calibration and claims, and its alarms."""
