"""How an execution of a protocol, and an asset that is released by one, are brought into any state of their tables.

Source: the tables themselves; the protocol is made up and as short as one can be.
"""

from typing import Final

from automation.gmp.bodies.protocols import Protocol
from automation.gmp.plant.qualifications import State
from automation.kernel.machine import Row
from tests.support.doors import Doorway
from tests.unit.gmp.moves_of_quality import act

Body = dict[str, object]
PROTOCOL: Final[Body] = {
    "id": "short-iq",
    "version": "1",
    "title": "Installation of a balance",
    "stages": ["IQ"],
    "asset_class": "balance",
    "scope": "one balance",
    "acceptance": "every step as expected",
    "requirements": [
        {"id": "URS-1", "text": "It weighs 10 g.", "risk": "high"},
        {"id": "URS-2", "text": "Its record is whole.", "risk": "low"},
    ],
    "cases": [
        {
            "id": "W",
            "title": "Weighing",
            "requirements": ["URS-1"],
            "risk": "high",
            "challenge": True,
            "steps": [
                {"n": "1", "action": "Weigh 10 g.", "expected": "10 g", "limits": "between 9.9 and 10.1 g"},
                {"n": "2", "action": "Look at the pan.", "expected": "clean"},
            ],
        },
        {
            "id": "R",
            "title": "Record",
            "requirements": ["URS-2"],
            "risk": "low",
            "steps": [{"n": "1", "action": "The program verifies.", "expected": "intact", "check": "ledger"}],
        },
    ],
    "requalify_d": 365,
}
DIGEST: Final = Protocol.model_validate(PROTOCOL).digest
SEEN: Final[Body] = {"step": "R.1", "actual": "9 events, intact", "met": True, "started_by": "maintain"}
PAN: Final[Body] = {"step": "W.2", "actual": "a bare steel pan without a mark", "met": True}
FAILED: Final[Body] = {"step": "W.1", "actual": "10.2"}
RELEASE: Final[Body] = {"statement": "for all weighing in Suite 1", "due": "2027-11-22"}
WHY: Final[Body] = {"reason": "because the test says so"}
_ALL: Final = ("plan", "approve", "begin", "observe", "enter", "enter W.2", "dispose", "finish", "review", "release")
_LAST: Final = {
    State.ABSENT: "",
    State.PLANNED: "plan",
    State.APPROVED: "approve",
    State.EXECUTING: "begin",
    State.EXECUTED: "finish",
    State.REVIEWED: "review",
    State.RELEASED: "release",
}
_BY: Final = {"approve": "approve", "dispose": "review", "review": "review", "release": "approve"}


def body(command: str, *, name: str) -> Body:
    """Give what a move of an execution states; its first weighing fails."""
    known: dict[str, Body] = {
        "plan": {"asset": f"{name}-bal", "protocol": PROTOCOL},
        "approve": {"digest": DIGEST},
        "begin": {"digest": DIGEST},
        "enter": FAILED,
        "enter W.2": PAN,
        "observe": SEEN,
        "repeat": {"step": "R.1", **WHY},
        "dispose": {
            "deviation": f"{name}-D01",
            "decision": "accepted with a restriction",
            "restriction": "not above 5 g",
            **WHY,
        },
        "review": {"conclusion": "all is there"},
        "release": {**RELEASE, "restrictions": ["not above 5 g"]},
    }
    return known.get(command, {} if command == "finish" else WHY)


def asset(way: Doorway, name: str) -> None:
    """Register what is qualified, once."""
    if way.state(f"asset/{name}") == "absent":
        way.do(f"asset/{name}", "register", {"asset_class": "balance", "needs_calibration": False})


def executed(way: Doorway, name: str, *, upto: str) -> None:
    """Tell the life of an execution up to a move; the first weighing is 10.2 g."""
    for command in _ALL[: _ALL.index(upto) + 1] if upto else ():
        by = "system:test" if command == "observe" else _BY.get(command, "maintain")
        act(way, f"qualification/{name}", command.partition(" ")[0], body(command, name=name), by=by)


def brought(way: Doorway, row: Row, *, name: str) -> str:
    """Bring an execution to where a row applies; gives its stream."""
    asset(way, f"{name}-bal")
    needed = {"repeat": "observe", "finish": "dispose", "dispose": "enter"}
    ended = {State.REJECTED: ("review", "reject"), State.CANCELLED: ("plan", "cancel")}
    state = State(row.source)
    if state in ended:
        upto, last = ended[state]
        executed(way, name, upto=upto)
        act(way, f"qualification/{name}", last, WHY, by="approve")
    else:
        upto = needed.get(row.command, "begin") if state is State.EXECUTING else _LAST[state]
        executed(way, name, upto=upto)
    return f"qualification/{name}"


def released(way: Doorway, row: Row, *, name: str) -> str:
    """Bring an asset to where its release applies: a protocol was executed on it and released."""
    asset(way, name)
    stream = f"asset/{name}"
    if row.source != "registered":
        way.do(stream, "install", {"due": "2027-06-30"})
    if row.source == "out of service":
        way.do(stream, "take_out", WHY)
    executed_on(way, f"{name}-Q", asset=name)
    return stream


def executed_on(way: Doorway, name: str, *, asset: str) -> None:
    """Tell the whole life of an execution on an asset, up to its release."""
    act(way, f"qualification/{name}", "plan", {"asset": asset, "protocol": PROTOCOL}, by="maintain")
    for command in _ALL[1:]:
        by = "system:test" if command == "observe" else _BY.get(command, "maintain")
        act(way, f"qualification/{name}", command.partition(" ")[0], body(command, name=name), by=by)


def release(name: str) -> Body:
    """Give what the release of an asset states."""
    return {"certificate": f"{name}-Q", "due": "2027-11-22", "stage": "IQ", "record": f"{name}-Q"}
