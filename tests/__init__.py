"""Tests: unit, contract, wire, plant, storms, house."""
