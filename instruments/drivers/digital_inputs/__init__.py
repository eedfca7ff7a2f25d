"""Dry contacts behind a digital input module that speaks Modbus."""
