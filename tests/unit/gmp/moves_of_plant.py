"""What the moves of calibrations, rooms and the other objects of the plant state, and what is there before them.

Source: the bodies themselves; numbers are made up.
"""

from typing import Final

from tests.support.doors import PEOPLE, SYSTEM, Doorway

Body = dict[str, object]
ASSET: Final = "plant-1"
POINT: Final[Body] = {
    "nominal": "100",
    "unit": "g",
    "found": "100.02",
    "left": "100.00",
    "tolerance": "0.1",
    "uncertainty": "0.02",
}
RECORD: Final[Body] = {
    "asset": ASSET,
    "points": [POINT],
    "laboratory": "SCS 0123",
    "procedure": "SOP-CAL-1",
    "certificate": "K-1",
    "performed": "2026-11-22T08:00:00",
    "due": "2027-11-22",
}
PLAN: Final[Body] = {
    "asset": ASSET,
    "what": "change the filter",
    "procedure": "SOP-M-1",
    "every_d": 90.0,
    "first": "2027-01-31",
}
HELD: Final[Body] = {"batch": "held-1", "reason": "the balance was out of tolerance"}
BODIES: Final[dict[str, dict[str, Body]]] = {
    "calibration": {"record": RECORD},
    "maintenance": {
        "plan": PLAN,
        "do": {"performed": "2026-11-22T09:00:00", "findings": "clean inside"},
        "put_off": {"due": "2027-02-28", "reason": "the part is on its way"},
    },
    "room": {
        "register": {"grade": "C"},
        "alter": {"grade": "D"},
        "begin_cleaning": {"agent": "hydrogen peroxide", "procedure": "SOP-R-1"},
        "clear_line": {"batch": "held-1", "checked": ["benches", "bins"]},
        "begin": {"batch": "held-1"},
        "finish": {"batch": "held-1"},
        "measure": {"pascal": 15.0},
        "enter": {"gown": "set 12"},
    },
    "qa-hold": {"place": HELD, "lift": {"reason": "not touched by it", "evidence": "deviation/B1-D01"}},
}
CLEAR: Final = ("register", "begin_cleaning", "finish_cleaning", "clear_line")
PATHS: Final[dict[tuple[str, str, str], tuple[str, ...]]] = {
    ("room", "at rest", "begin"): CLEAR,
    **{("room", "in operation", command): (*CLEAR, "begin") for command in ("measure", "enter", "finish", "none")},
    ("room", "in operation", "leave"): (*CLEAR, "begin", "enter"),
    ("room", "at rest", "leave"): (*CLEAR, "enter"),
    ("room", "being cleaned", "leave"): ("register", "begin_cleaning", "enter"),
}
ISSUE: Final[Body] = {
    "recipe": "freeze-day",
    "recipe_version": "1.0",
    "recipe_digest": "d" * 64,
    "lot_type": "engineering",
    "product": "T cells",
    "identity": "COI-1",
    "release": "0.1.0",
    "operations": {},
    "site_digest": "f" * 64,
}


def before(way: Doorway, kind: str) -> None:
    """Make what an object of a kind is about, once."""
    if kind not in BODIES:
        return
    if way.state(f"asset/{ASSET}") == "absent":
        way.do(f"asset/{ASSET}", "register", {"asset_class": "balance"}, by=SYSTEM)
    if way.state("batch/held-1") == "absent":
        way.do("batch/held-1", "issue", ISSUE, by=PEOPLE_ISSUE)


PEOPLE_ISSUE: Final = next(name for right, name in PEOPLE.items() if right == "issue")
