"""Lighthouse particle counters (Solair, Remote, Handheld, Apex)."""
