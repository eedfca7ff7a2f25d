"""Tests of the objects behind the door."""
