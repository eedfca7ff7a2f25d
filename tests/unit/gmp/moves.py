"""How to bring an object into any state of its table, with bodies that its rules accept.

Source: the tables themselves; a path is the shortest one, unless a rule asks for more.
"""

from collections import deque
from typing import Final

from automation.gmp.door import Proof
from automation.gmp.people.prompts import SIGNING
from automation.gmp.registry import KINDS
from automation.gmp.words import Right, Strength
from automation.kernel.machine import Row, Table
from tests.support.doors import PEOPLE, SECOND, START, SYSTEM, Doorway, proof
from tests.support.thread import KINDS_OF_IT, STORY, Thread
from tests.unit.gmp import moves_of_corrections as corrections
from tests.unit.gmp import moves_of_materials as materials
from tests.unit.gmp import moves_of_people as people
from tests.unit.gmp import moves_of_plant as plant
from tests.unit.gmp import moves_of_product as product
from tests.unit.gmp import moves_of_qualifications as qualifications
from tests.unit.gmp import moves_of_quality as quality
from tests.unit.gmp import moves_of_transfers as transfers

REASON: Final[dict[str, object]] = {"reason": "because the test says so"}
ISSUE: Final[dict[str, object]] = {
    "recipe": "freeze-day",
    "recipe_version": "1.0",
    "recipe_digest": "d" * 64,
    "lot_type": "engineering",
    "product": "T cells",
    "identity": "COI-1",
    "release": "0.1.0",
    "operations": {"freeze": "e" * 64},
    "site_digest": "f" * 64,
    "seed": 1,
}
PROPOSAL: Final[dict[str, object]] = {
    "number": 1,
    "based_on": "d" * 64,
    "recipe_version": "1.1",
    "recipe_digest": "a" * 64,
    "recipe_file": "b" * 64,
    "operations": {"freeze": "e" * 64},
    "differences": ["steps.freeze.given.every: 10 s becomes 20 s"],
    **REASON,
}
AMENDABLE = ("issued", "running", "pausing", "paused", "holding", "held", "restarting")
RAISING: Final[dict[str, object]] = {"source": "freezer-1", "message": "lid open", "priority": "high"}
DUE: Final[dict[str, object]] = {"due": "2027-01-31", "certificate": "C-1"}
TRIAL: Final[dict[str, object]] = {"made": "2026-11-22", "place": "/mnt/b.tar", "events": 9, "head": "a", "files": 4}
CALLING: Final[dict[str, object]] = {"alarm": "tank-1-low", "person": "ada", "number": 1, "until": float(START)}
BODIES: Final[dict[str, dict[str, dict[str, object]]]] = {
    "person": {
        "register": {"name": "Ada Example", "roles": ["perform"]},
        "grant": {"roles": ["review"], **REASON},
        "belong": {"parties": ["site-a"], **REASON},
        "train": {"operation": "freeze", "version": "2"},
        "identify": {"staff": "S-17", "seen": "the badge"},
        "accept_signature": {"document": people.ESIG, "binding": True},
        "reinstate": {"roles": ["review"], **REASON},
    },
    "profile": dict.fromkeys(("write", "revise"), product.RULES),
    "template": dict.fromkeys(("write", "revise"), product.TEMPLATE),
    "terminal": {"register": {"location": "Suite 1"}},
    "prompt": {
        "claim": {"terminal": "bench-1"},
        "mismatch": {"scanned_kind": "product code", "hint": "scan the identifier"},
        "clear": {"statement": "the bench is empty"},
    },
    "batch": {
        "issue": ISSUE,
        "review": {"conclusion": "in order"},
        "close": {"head": "a" * 64, "seq": 9},
        "resolve": {"outcome": "done", "reason": "the programmer shows run"},
        "continue": {"step": "freeze", "asset": "crf-01", "reason": "product inside"},
        "propose": PROPOSAL,
        "amend": {"number": 1, "recipe_digest": "a" * 64},
        "withdraw": {"number": 1, **REASON},
        "adopt": {"number": 1},
        "lapse": {"number": 1, **REASON},
        "take_over": {"step": "freeze", "leaving": SECOND, "said": "the bag is inside"},
        "relieve": {"step": "freeze", "leaving": "verify", "said": "nobody saw him leave"},
    },
    "container": {
        "expect": {"identity": "COI-1"},
        "chill": {"reached_c": -140.0},
        "warm": {"seconds": 30.0, "above_c": -120.0},
        "expose": {"seconds": 60.0},
        "hand_over": {"to": "QC"},
        "dispense": {"to": "ward 4, order 0101"},
    },
    "split": {},
    "label": {
        "send": {"asset": "printer-01"},
        "print": {"sha256": "a" * 64},
    },
    **materials.BODIES,
    **corrections.BODIES,
    "asset": {
        "register": {"asset_class": "freezer"},
        "qualify": DUE,
        "install": DUE,
        "calibrate": DUE,
        "service": {"plan": "M-1"},
        "claim": {"batch": "B1", "step": "freeze"},
        "use": {"batch": "B1", "step": "freeze"},
        "clean": {"procedure": "SOP-7"},
        "identify": {"maker": "ACME", "serial": "S-1"},
    },
    "alarm": {
        "raise": RAISING,
        "acknowledge": {"comment": "on my way"},
        "shelve": {"until": float(START) + 60.0, **REASON},
        "suppress": {"by_design": "freeze.loading"},
        "clear": {"finding": "false alarm"},
        "latch": {"finding": "true fault"},
    },
    "call": dict.fromkeys(("call", "next"), CALLING),
    "deviation": {
        "open": {"subject": "person/perform", "title": "late"},
        "investigate": {"method": "5 whys", "findings": ["no switch"], "evidence": ["person/perform"]},
        "conclude": {"cause": "no runner", "impact": "none"},
    },
    "tray": {
        "arrive": {"asset": "counter", "sha256": "a" * 64, "line": 2, "why": "no sample of this name was drawn"},
        "join": {"sample": "B1-count-1A", **REASON},
    },
    "backup": {"prove": TRIAL, "fail": {**TRIAL, "why": "heads.log is missing"}},
    **quality.BODIES,
    **people.BODIES,
    **plant.BODIES,
    "timer": {"start": {"what": "into the store", "due": float(START), "warn": float(START)}},
}
_PLACES: Final = {"store": "position", "move": "where", "receive": "", "retrieve": ""}
_AMOUNTS: Final[dict[str, dict[str, object]]] = {
    "fill": {"volume_ml": 1.0},
    "draw": {"volume_ml": 0.0, "to": "waste"},
    "empty": {},
    "weigh": {"mass_g": 20.4, "volume_ml": 20.0},
}
BEFORE: Final[dict[tuple[str, str, str], tuple[str, ...]]] = {  # what a rule wants beyond the shortest path
    ("container", "in process", "warm"): ("chill",),
    **{("batch", state, command): ("propose",) for state in AMENDABLE for command in ("amend", "withdraw")},
    **{("batch", state, command): ("propose", "amend") for state in AMENDABLE for command in ("adopt", "lapse")},
    **{("container", state, "lift"): ("qa_hold",) for state in ("expected", "in process", "stored")},
    **{("asset", "qualified", command): ("claim",) for command in ("use", "free", "break_claim")},
    ("alarm", "shelved", "unshelve"): ("clear",),
    ("alarm", "out of service", "resume"): ("raise",),
    ("alarm", "suppressed by design", "resume"): ("raise",),
    **materials.BEFORE,
}
PATHS: Final[dict[tuple[str, str, str], tuple[str, ...]]] = {
    **{
        ("asset", "out of service", command): ("register", "install", "claim", "take_out")
        for command in ("free", "break_claim")
    },
    ("container", "emptied", "lift"): ("expect", "receive", "qa_hold", "empty"),
    **materials.PATHS,
    **plant.PATHS,
    **quality.PATHS,
    **transfers.PATHS,
}


def path(kind: str, row: Row) -> tuple[str, ...]:
    """Give the commands that bring a new object to where a row applies."""
    key = (kind, str(row.source), row.command)
    shortest = _shortest(KINDS[kind].table, str(row.source))
    return PATHS.get(key, shortest + BEFORE.get(key, ()))


def _shortest(table: Table, state: str) -> tuple[str, ...]:
    ways: dict[str, tuple[str, ...]] = {str(table.initial): ()}
    queue = deque(ways)
    while queue:
        at = queue.popleft()
        for row in table.rows:
            if str(row.source) == at and str(row.dest) not in ways:
                ways[str(row.dest)] = (*ways[at], row.command)
                queue.append(str(row.dest))
    return ways[state]


def body(kind: str, row: Row, *, way: tuple[str, ...], name: str, owner: str = "") -> dict[str, object]:
    """Give a body that the row's rules accept, on the way to where ``way`` leads."""
    if row.body is None:
        return {}
    if kind in transfers.KINDS:
        return transfers.body(kind, row.command, way=way, name=name, owner=owner)
    if kind == "qualification" or (kind, row.command) == ("asset", "release"):
        return qualifications.release(name) if kind == "asset" else qualifications.body(row.command, name=name)
    if (kind, row.command) == ("prompt", "open"):
        return _opening(way)
    if kind == "container" and row.command in _PLACES:
        where = _PLACES[row.command]
        return {where: f"tank-1/{name}"} if where else {}
    if (kind, row.command) == ("container", "retrieve_by_two"):
        return {"container": name, "position": f"tank-1/{name}"}
    if kind == "container" and row.command in _AMOUNTS:
        return dict(_AMOUNTS[row.command])
    if (kind, row.command) == ("em-sample", "take"):
        return plant.taken(way)
    named = _named(kind, row.command, name=name, owner=owner)
    if named is not None:
        return {**named, **people.COURSE} if (kind, way[-1]) == ("training", "examine") else named
    if (kind, row.command) == ("alarm", "raise"):
        return {**RAISING, "latching": "latch" in way}
    if kind == "prompt" and row.command in {"answer", "enter", "verify", *SIGNING}:
        return {}
    return BODIES[kind].get(row.command, {} if row.command == "again" else REASON)


def _named(kind: str, command: str, *, name: str, owner: str) -> dict[str, object] | None:
    """Give a body that names the object, another one or a person; None for one that names nothing."""
    if (kind, command) in people.NAMED:
        return people.NAMED[kind, command](owner)
    if (kind, command) == ("calibration", "record"):
        return {**plant.RECORD, "certificate": f"K-{name}"}
    if (kind, command) in quality.OWNED:
        return quality.OWNED[kind, command](owner)
    if (kind, command) in product.NAMED:
        return product.NAMED[kind, command](name)
    if (kind, command) in corrections.NAMED:
        return corrections.NAMED[kind, command](name, owner)
    if (kind, command) in quality.NAMED:
        return quality.NAMED[kind, command](name, owner or quality.OWNER)
    return None


def stated(way: Doorway, kind: str, row: Row, *, name: str) -> dict[str, object]:
    """Give the body of the move that is tried on an object that was brought to its row."""
    if kind in KINDS_OF_IT:
        return Thread(way, name).body(kind, row.command)
    return body(kind, row, way=(*path(kind, row), row.command), name=name)


def _opening(way: tuple[str, ...]) -> dict[str, object]:
    signed = next((SIGNING[command] for command in way if command in SIGNING), ())
    return {
        "kind": "confirm",
        "text": "Is the bag dry?",
        "asks": list(PEOPLE),
        "second": bool({"enter", "verify", "dispute"} & set(way)),
        "meanings": list(signed),
        "deadline": float(START),
    }


def proofs(row: Row, person: str) -> tuple[Proof, ...]:
    """Give the signatures that a row wants: the person's own first, then those of the person with every right."""
    if row.signs:
        others = (proof(SECOND, meaning) for meaning in row.signs[1:])
        return (proof(person, row.signs[0]), *others)
    return (proof(person),) if row.strength == Strength.VERIFY else ()


def someone(row: Row, favourite: str) -> str:
    """Give who takes a step on the way: the favourite for a claim, else the program, else the first who may."""
    if row.command == "enter" and row.source == row.dest:  # a room; who answers a question is another than verifies
        return favourite if favourite in PEOPLE.values() else PEOPLE[Right.PERFORM]
    if row.command == "claim" and row.by >= set(PEOPLE) - {Right.READ}:
        return favourite if favourite != SYSTEM else PEOPLE[Right.PERFORM]
    if Right.SYSTEM in row.by:
        return SYSTEM
    return PEOPLE[min((Right(right) for right in row.by), key=list(Right).index)]


def brought(way: Doorway, kind: str, row: Row, *, name: str, favourite: str) -> str:
    """Make an object and bring it to where the row applies; gives its stream."""
    table, stream = KINDS[kind].table, f"{kind}/{name}"
    if kind in KINDS_OF_IT:
        return _told(way, kind, row, name=name, favourite=favourite)
    if own := people.own(way, kind, row, favourite=favourite):
        return own
    if kind == "qualification":
        return qualifications.brought(way, row, name=name)
    if (kind, row.command) == ("asset", "release"):
        return qualifications.released(way, row, name=name)
    stream += quality.SUFFIXES.get(kind, "")
    if kind == "profile":
        stream = f"profile/eu@{name}"
    if kind == "label":
        stream = product.labelled(way, row.command, name=name)
    if kind == "bill":
        materials.billed(way, name)
    plant.before(way, kind)
    product.before(way, kind, name=name)
    people.before(way, kind, row.command, name=name)
    commands = path(kind, row)
    materials.before(way, kind, (*commands, row.command))
    corrections.before(way, kind, (*commands, row.command), name=name, by=favourite)
    own_hand = row.command in {"implement", "read", "examine", "measure", "settle"} or kind == "thread"
    owner = favourite if own_hand and favourite != SYSTEM else ""
    for command in commands:
        quality.before(way, kind, command, name=name)
        transfers.before(way, kind, command, name=name)
        plant.ripen(way, kind, command)
        step = table.decide(way.state(stream), command)
        person = people.hand(kind, step, owner) or someone(step, favourite)
        if (kind, step.command) == ("label", "issue") and row.command in {"send", "print"}:
            person = favourite  # what a person prints was issued by a person
        stated = body(kind, step, way=(*commands, row.command), name=name, owner=owner)
        way.do(stream, command, stated, by=person, signs=proofs(step, person))
    quality.before(way, kind, row.command, name=name)
    transfers.before(way, kind, row.command, name=name)
    plant.ripen(way, kind, row.command)
    assert way.state(stream) == row.source
    return stream


def _told(way: Doorway, kind: str, row: Row, *, name: str, favourite: str) -> str:
    """Bring an object of the story to where the row applies; what else the story needs before is told, too."""
    table, stream = KINDS[kind].table, f"{kind}/{name}"
    favourite = favourite if favourite != SYSTEM else PEOPLE[Right.PERFORM]
    thread = Thread(way, name, owner=favourite if row.command == "implement" else PEOPLE[Right.PERFORM])
    commands = path(kind, row)
    withdrawn = "withdraw" in (*commands, row.command)
    tellers = {(what, command): by for by, what, command in STORY}
    for command in commands:
        _ready(thread, kind, command)
        person = tellers.get((kind, command)) or someone(table.decide(way.state(stream), command), favourite)
        if kind == "handover":
            person = _side(favourite, gives="giv" in command, withdrawn=withdrawn)
        if (kind, command) == ("manifest", "pack"):  # somebody else takes it in
            person = PEOPLE[Right.SUPERVISE]
        sterility = {"test": "sterility"} if row.command == "inoculate" and command == "request" else {}
        thread.do(kind, command, by=person, **sterility)
    _ready(thread, kind, row.command)
    assert way.state(stream) == row.source
    return stream


def _side(favourite: str, *, gives: bool, withdrawn: bool) -> str:
    """Give who moves a hand-over: who withdraws it gave it; for all else the favourite is the other side."""
    if withdrawn:
        return favourite
    others = [name for name in (PEOPLE[Right.COLLECT], PEOPLE[Right.TREAT], PEOPLE[Right.PERFORM]) if name != favourite]
    return others[0] if gives else others[1]


def _ready(thread: Thread, kind: str, command: str) -> None:
    """Tell what comes before a move in the story, and what its rules want that the story does not tell."""
    thread.until(kind, command, without=kind)
    product.ready(thread, kind, command)
    match kind, command:
        case "order", "confirm":
            thread.do("order", "acknowledge", by="treat")
        case "order", "collect_again":
            thread.until("collection", "accept")
            thread.do("collection", "refuse", by="review")
        case "order", "make_again":
            thread.until("batch", "complete")
            thread.do("batch", "abort", by="perform")
            thread.way.do(thread.stream("batch"), "done")
        case "order", "fulfil":  # by itself it is refused while the order is on hold
            thread.until("infusion", "complete")
            thread.do("order", "hold", by="treat")
            thread.do("infusion", "complete", by="treat")
            thread.do("order", "resume", by="order")
        case "release", "release":
            thread.do("test-2", "report", by="perform")
            thread.do("test-2", "review", by="review")
        case "capa", "find_effective" | "find_ineffective":
            thread.way.clock.go(31 * 24 * 3600.0)
        case "test", "invalidate":
            _investigated(thread)


def _investigated(thread: Thread) -> None:
    """Close a deviation about the test."""
    deviation = f"deviation/{thread.name}-D09"
    said = {"cause": "a wrong dilution", "impact": "none"}
    thread.way.do(deviation, "open", {"subject": f"test/{thread.name}", "title": "dilution"})
    thread.way.do(deviation, "conclude", said, by="investigate", signs=(proof("investigate", "authored"),))
    thread.way.do(deviation, "close", by="approve", signs=(proof("approve", "approved"),))
