"""Cedex HiRes: result files of the cell counter."""
