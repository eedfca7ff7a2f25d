"""Balances that speak MT-SICS (Mettler Toledo and others)."""
