"""What the moves of documents and the other objects of quality state, and what their rules want of other objects.

Source: the tables themselves; see ``moves``.
"""

from collections.abc import Callable
from typing import Final

from automation.gmp.registry import KINDS
from tests.support.doors import SYSTEM, Doorway, proof

Body = dict[str, object]
_WHY: Final[Body] = {"reason": "because the test says so"}
_LATER: Final = "2031-01-01T00:00"
WRITING: Final[Body] = {"title": "Freezing", "sort": "sop", "text": "Switch it on.\nWait."}
SUFFIXES: Final = {"document": "@1"}  # of ids that a rule wants
BODIES: Final[dict[str, dict[str, Body]]] = {
    "document": {**dict.fromkeys(("write", "revise"), WRITING), "make_effective": {}},
}
NAMED: Final[dict[tuple[str, str], Callable[[str], Body]]] = {  # what names the object or another
    ("document", "supersede"): lambda name: {"successor": f"{name}@2", "ends": _LATER},
}
_WAY: Final = (("write", "supervise"), ("submit", "supervise"), ("review", "review"), ("approve", "approve"))


def before(way: Doorway, kind: str, command: str, *, name: str) -> None:
    """Do with other objects what the rules of a move want."""
    match kind, command:
        case "document", "supersede":
            effective(way, f"{name}@2", begins=_LATER)
        case "document", "reinstate":
            act(way, f"document/{name}@2", "withdraw", _WHY, by="approve")


def act(way: Doorway, stream: str, command: str, body: Body | None = None, *, by: str = SYSTEM) -> None:
    """Make a move, signed by whoever makes it as its row says."""
    row = KINDS[stream.partition("/")[0]].table.decide(way.state(stream), command)
    signs = tuple(proof("second" if number else by, meaning) for number, meaning in enumerate(row.signs))
    way.do(stream, command, body, by=by, signs=signs)


def effective(way: Doorway, document: str, *, begins: str = "", **said: object) -> None:
    """Bring a version of a document into force."""
    for command, by in _WAY:
        act(way, f"document/{document}", command, {**WRITING, **said} if command == "write" else {}, by=by)
    act(way, f"document/{document}", "make_effective", {"begins": begins} if begins else {}, by="approve")
