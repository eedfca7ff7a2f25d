"""Handles of what holds product and of what is consumed; given out only after a verified scan or a recorded transfer.

Interfaces take handles, not strings. A handle is a claim that the binding checks again at every effect:
it proves nothing by itself.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Container:
    """A container of product that was identified in this step or came in by a recorded transfer."""

    id: str
    seq: int = 0  # the event that identified it


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot of material that was identified in this step."""

    id: str
    seq: int = 0
