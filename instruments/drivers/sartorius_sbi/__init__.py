"""Sartorius balances that speak SBI."""
