"""How everything stands at the end of a ledger: the state of each object and of each step, and one digest of them all.

Two ledgers that fold to the same digest tell the same story; a later release that gives another one for the same
ledger has changed what its events mean.
"""

import hashlib
from collections.abc import Mapping

import msgspec

from automation.engine.past import past
from automation.ledger.read import Reader
from automation.views.objects import Objects

STEP = "/step/"


def standing(reader: Reader) -> dict[str, str]:
    """Give the state of every object (``kind/id``) and of every step (``batch/B/step/S``), ordered by name."""
    objects = Objects(reader)
    found: dict[str, str] = {}
    for stream, events in objects.streams.items():
        word, _, name = stream.partition("/")
        if STEP in stream:
            step = past("", events)
            found[stream] = f"{step.state} ({step.stage})"
        elif objects.has(word, name):
            found[stream] = str(objects.find(word, name).state)
    return dict(sorted(found.items()))


def digest(states: Mapping[str, str]) -> str:
    """Give the SHA-256 (hex) of states as ``standing`` gives them."""
    return hashlib.sha256(msgspec.json.encode(states)).hexdigest()
