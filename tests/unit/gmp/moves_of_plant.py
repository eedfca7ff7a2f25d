"""What the moves of calibrations, rooms and the other objects of the plant state, and what is there before them.

Source: the bodies themselves; numbers are made up.
"""

from typing import Final

from automation.kernel.clock import iso
from automation.kernel.quantity import Seconds
from tests.support.doors import SYSTEM, ZONE, Doorway
from tests.unit.gmp.moves_of_materials import released
from tests.unit.gmp.moves_of_quality import act

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
SETTLE: Final[Body] = {
    "room": "EM 1",
    "place": "bench 2",
    "method": "settle plate",
    "grade": "B",
    "every_h": 24.0,
    "alert": 3,
    "rationale": "nearest to the open bag",
}
PARTICLES: Final[Body] = {**SETTLE, "method": "particles 0.5 um", "alert": 100_000}
PLATE: Final[Body] = {
    "point": "settle-1",
    "since": "2026-11-22T09:00:00",
    "until": "2026-11-22T09:00:00",
    "medium": "TSA-1",
}
SIMULATION: Final[Body] = {
    "process": "fill of T cells",
    "purpose": "periodic",
    "room": "EM 1",
    "curriculum": "media-fill",
    "units": 10,
    "interventions": ["bag changed", "glove changed"],
    "worst_case": "longest fill, two people",
}
FILLED: Final[Body] = {
    "people": ["perform"],
    "medium": "TSA-1",
    "filled": 12,
    "rejected": 1,
    "why_rejected": "dropped",
    "interventions": ["bag changed", "glove changed"],
    "since": "2026-11-22T09:00:00",
    "asset": ASSET,
    "low_c": 20.0,
    "high_c": 25.0,
}
HELD: Final[Body] = {"batch": "held-1", "reason": "the balance was out of tolerance"}
BODIES: Final[dict[str, dict[str, Body]]] = {
    "calibration": {"record": RECORD},
    "maintenance": {
        "plan": PLAN,
        "perform": {"performed": "2026-11-22T09:00:00", "findings": "clean inside"},
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
    "sampling-point": {
        "plan": SETTLE,
        "alter": SETTLE,
        "note": {"sample": "EM-1", "value": 1.0, "verdict": "normal"},
    },
    "em-sample": {
        "incubate": {"asset": ASSET, "until": "2026-11-23T09:00:00", "program": "20 to 25 degC, 5 d"},
        **{command: {"count": 1} for command in ("look", "read", "count")},
        "identify": {"name": "Micrococcus luteus", "method": "MALDI-TOF"},
        "review": {"conclusion": "within the limits"},
    },
    "media-fill": {
        "plan": SIMULATION,
        "incubate": FILLED,
        "look": {"grown": 0},
        "turn": {"asset": ASSET, "low_c": 30.0, "high_c": 35.0},
        "read": {"units": 11, "grown": 0, "promotes": True},
        "identify": {"name": "Micrococcus luteus", "method": "MALDI-TOF"},
        **{command: {"conclusion": "in order"} for command in ("pass", "fail")},
        "renew": {"fill": "MF-2", "people": ["perform"]},
        "excuse": {"person": "perform", "reason": "has left"},
    },
    "fault": {
        "report": {"asset": ASSET, "severity": "minor", "what": "the display flickers"},
        "escalate": {"severity": "major", "reason": "it is dark now"},
        "diagnose": {"cause": "a loose plug", "evidence": "photo 3"},
        "repair": {"what": "the plug was fixed"},
        "close": {"test": "ten hours without flicker"},
    },
    "qa-hold": {"place": HELD, "lift": {"reason": "not touched by it", "evidence": "batch/held-1"}},
}
CLEAR: Final = ("register", "begin_cleaning", "finish_cleaning", "clear_line")
PATHS: Final[dict[tuple[str, str, str], tuple[str, ...]]] = {
    ("room", "at rest", "begin"): CLEAR,
    **{
        ("room", "in operation", command): (*CLEAR, "begin")
        for command in ("measure", "enter", "finish", "suspend", "none")
    },
    ("room", "in operation", "restore"): (*CLEAR, "begin", "suspend"),
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


def taken(commands: tuple[str, ...]) -> Body:
    """Give how a sample was taken: of particles when it is counted, else a plate."""
    return {**PLATE, "point": "particles-1", "volume_l": 1000.0} if "count" in commands else PLATE


def ripen(way: Doorway, kind: str, command: str) -> None:
    """Let what is incubated grow."""
    if (kind, command) == ("em-sample", "incubate"):
        until = iso(way.clock.now() + Seconds(3600.0), zone=ZONE)
        BODIES[kind][command]["until"] = until
    if (kind, command) == ("em-sample", "read"):
        way.clock.go(3600.0)
    if kind == "media-fill" and command in {"turn", "read"}:
        way.clock.go(7 * 86_400.0)
    if kind == "media-fill" and command in {"incubate", "turn"}:
        BODIES[kind][command]["since"] = iso(way.clock.now(), zone=ZONE)


def monitored(way: Doorway) -> None:
    """Make a room with two sampling points, and the medium of its plates."""
    act(way, "room/EM 1", "register", {"grade": "B"}, by="approve")
    act(way, "sampling-point/settle-1", "plan", SETTLE, by="approve")
    act(way, "sampling-point/particles-1", "plan", PARTICLES, by="approve")
    way.do(f"asset/{ASSET}", "install", {"due": "2027-06-30"})
    released(way, "TSA-1")


def before(way: Doorway, kind: str) -> None:
    """Make what an object of a kind is about, once."""
    if kind not in BODIES:
        return
    if way.state(f"asset/{ASSET}") == "absent":
        way.do(f"asset/{ASSET}", "register", {"asset_class": "balance"}, by=SYSTEM)
    if way.state("batch/held-1") == "absent":
        way.do("batch/held-1", "issue", ISSUE, by="issue")
    if kind == "media-fill" and way.state("curriculum/media-fill") == "absent":
        skill: Body = {"title": "Media fill", "valid_days": 182, "observed": 3, "trainers": ["supervise"]}
        act(way, "curriculum/media-fill", "write", skill, by="supervise")
        act(way, "curriculum/media-fill", "approve", by="approve")
    if kind in {"sampling-point", "em-sample", "media-fill"} and way.state("room/EM 1") == "absent":
        monitored(way)
