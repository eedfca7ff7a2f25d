"""What corrections and subjects state, and the entry that a correction wants: one of a batch that has started.

Source: the table itself; see ``moves``.
"""

from collections.abc import Callable
from typing import Final

from automation.gmp.door import Proof
from tests.support.doors import PEOPLE, SECOND, SYSTEM, Doorway, proof

Body = dict[str, object]
_LOT: Final[Body] = {
    "recipe": "freeze-day",
    "recipe_version": "1",
    "recipe_digest": "d" * 64,
    "lot_type": "engineering",
    "product": "T cells",
    "identity": "COI-9",
    "release": "0.1.0",
    "operations": {},
    "site_digest": "f" * 64,
    "seed": 1,
}
BODIES: Final[dict[str, dict[str, Body]]] = {
    "correction": {"work_out": {"changed": ["count.viable_cells: 3 becomes 4"]}},
    "subject": {"enter": {"commitment": "a" * 64}},
}


def entry(name: str) -> Body:
    """Give which entry a correction of this name is about, and why."""
    return {"batch": f"C-{name}", "entry": f"C-{name}.count.1.1", "reason": "because the test says so"}


def setting(batch: str, **changed: object) -> Body:
    """Give a correction of the count."""
    return {**entry(batch), "name": "total", "was": "3e6", "value": "4e6", **changed}


def lateness(name: str, **changed: object) -> Body:
    """Give that it was counted half a minute before it was entered."""
    number = int("".join(filter(str.isdigit, name)) or 0)  # each batch begins a minute after the one before
    return {**entry(name), "done": f"2026-11-22T09:{number:02d}:30", "seen": "DT-1, page 2", **changed}


NAMED: Final[dict[tuple[str, str], Callable[[str, str], Body]]] = {
    **{("correction", command): lambda name, _owner: setting(name) for command in ("correct", "add")},
    ("correction", "state_late"): lambda name, _owner: lateness(name),
    ("correction", "exclude"): lambda name, _owner: {
        "batch": f"C-{name}",
        "step": "count",
        "event": 7,
        "reason": "because the test says so",
    },
}


def entered(way: Doorway, name: str, *, by: str = "perform") -> None:
    """Let a batch start, and a count of it be entered a minute later."""
    batch = f"C-{name}"
    way.do(f"batch/{batch}", "issue", _LOT, by=SECOND)
    way.do(f"batch/{batch}", "start", by="perform")
    fields = [{"name": "total", "unit": "cells/mL", "low": 0.0, "high": 1e9}]
    question = {"kind": "enter", "text": "Enter the count", "fields": fields, "asks": list(PEOPLE), "batch": batch}
    way.do(f"prompt/{batch}.count.1.1", "open", {**question, "step": "count"})
    way.clock.go(60.0)
    way.do(f"prompt/{batch}.count.1.1", "answer", {"values": {"total": "3e6"}}, by=by)


def closed(way: Doorway, name: str) -> None:
    """Let the batch end and its record be closed."""
    way.do(f"batch/C-{name}", "complete")
    way.do(f"batch/C-{name}", "close", {"head": "a" * 64, "seq": 9})


def before(way: Doorway, kind: str, commands: tuple[str, ...], *, name: str, by: str) -> None:
    """Make what a correction is about: an entry of the one who corrects it."""
    if kind == "correction":
        entered(way, name, by="perform" if by == SYSTEM else by)
        if "add" in commands:
            closed(way, name)


def two(first: str = "perform", second: str = SECOND, *, meaning: str = "verified") -> tuple[Proof, Proof]:
    """Give both signatures of a correction."""
    return proof(first, "authored"), proof(second, meaning)
