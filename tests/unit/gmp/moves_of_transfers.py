"""What the moves of transfers, feedback and process qualification state, and what their rules want of other objects.

Source: the tables themselves; see ``moves``.
"""

import hashlib
from collections.abc import Collection
from typing import Final

from tests.support.doors import Doorway
from tests.unit.gmp.moves_of_quality import act, closed, lot

Body = dict[str, object]
LATER: Final = "2031-01-01T00:00"
PACKAGE: Final = "a" * 64
GAP: Final = "equipment: flow cytometer"
GAPS: Final = [
    {"id": GAP, "weighs": "blocks", "sentence": "there is none"},
]
TRANSFER: Final[Body] = {
    "title": "freezing at site B",
    "sending": "Site A",
    "receiving": "Site B",
    "recipe": "freeze-day",
    "digest": "d" * 64,
    "package": PACKAGE,
    "runs": 1,
    "rationale": "one run shows that it can be done",
    "owner": "supervise",
    "due": LATER,
}
PPQ: Final[Body] = {
    "title": "freezing of bags",
    "recipe": "freeze-day",
    "digest": "d" * 64,
    "claim": "success run",
    "confidence": 50,
    "share": 50,
    "number": 1,
    "rationale": "what is known of the process already",
    "sampling": [{"step": "count", "what": "two more tubes of each bag", "tests": ["viability"]}],
    "acceptance": [{"where": "count.viability", "limit": "at least 70 %"}],
    "owner": "supervise",
    "due": LATER,
}
FEEDBACK: Final[Body] = {
    "recipe": "freeze-day",
    "step": "freeze",
    "parameter": "ready_within",
    "seen": "bags from the wash wait half an hour",
    "proposal": "cool the cassette before",
}
DISPOSITION: Final[Body] = {"gap": GAP, "decision": "close", "rationale": "one is bought", "due": LATER}
SETTLED: Final[Body] = {"gap": GAP, "what": "it stands there", "evidence": ["person/perform"]}
CITED: Final[Body] = {"batch": "S1", "side": "sending", "ledger": "0" * 32, "head": "f" * 64}
REPORT: Final = "b" * 64
EVALUATION: Final[Body] = {"report": REPORT, "conclusion": "as the report says"}
KINDS: Final = frozenset({"transfer", "feedback", "ppq"})
PATHS: Final[dict[tuple[str, str, str], tuple[str, ...]]] = {
    ("transfer", "planned", "settle"): ("plan", "dispose"),
    ("transfer", "approved", "settle"): ("plan", "dispose", "approve"),
    ("transfer", "executing", "uncite"): ("plan", "approve", "start", "count"),
    ("transfer", "evaluated", "close"): ("plan", "approve", "start", "count", "evaluate"),
    ("transfer", "closed", "none"): ("plan", "approve", "start", "count", "evaluate", "close"),
    ("ppq", "closed", "none"): ("plan", "approve", "count", "conclude", "close"),
    ("ppq", "concluded", "close"): ("plan", "approve", "count", "conclude"),
}
_WHY: Final[Body] = {"reason": "because the test says so"}


def body(kind: str, command: str, *, way: Collection[str], name: str, owner: str = "") -> Body:
    """Give what a move states, on the way to where ``way`` leads."""
    made: dict[tuple[str, str], Body] = {
        ("transfer", "dispose"): {**DISPOSITION, "owner": owner or "perform"},
        ("transfer", "settle"): SETTLED,
        ("transfer", "approve"): {"package": PACKAGE},
        ("transfer", "count"): CITED if "uncite" in way else {"batch": name, "side": "receiving"},
        ("transfer", "uncite"): {"batch": "S1", "reason": "another was meant"},
        ("transfer", "evaluate"): {**EVALUATION, "equivalent": "close" in way},
        ("transfer", "close"): {"report": REPORT},
        ("ppq", "close"): {"report": REPORT},
        ("ppq", "count"): {"batch": name, "conforms": True},
        ("ppq", "conclude"): {**EVALUATION, "met": "close" in way},
        ("feedback", "give"): {**FEEDBACK, "evidence": [f"batch/{name}"]},
        ("feedback", "take_up"): {"change": name},
        ("feedback", "answer"): {"outcome": "the cassette is cooled"},
    }
    if command in {"plan", "replan"}:
        gaps = GAPS if {"dispose", "settle"} & set(way) else []
        return {**PPQ, "digest": digest(name)} if kind == "ppq" else {**TRANSFER, "digest": digest(name), "gaps": gaps}
    return made.get((kind, command), _WHY)


def digest(name: str) -> str:
    """Give the digest of the recipe by which the lot of an object is made."""
    return hashlib.sha256(name.encode()).hexdigest()


def before(way: Doorway, kind: str, command: str, *, name: str) -> None:
    """Do with other objects what the rules of a move want."""
    match kind, command:
        case (("transfer" | "ppq"), "count"):
            completed(way, name, recipe_digest=digest(name))
        case "feedback", "give":
            act(way, f"batch/{name}", "issue", lot(), by="issue")
        case "feedback", "take_up":
            said: Body = {
                "title": "cold cassette",
                "what": "cool it",
                "reason": "as told",
                "source": f"feedback/{name}",
            }
            act(way, f"change/{name}", "propose", said, by="perform")
        case "feedback", "answer":
            closed(way, f"change/{name}")


def completed(way: Doorway, name: str, **said: object) -> None:
    """Make a lot that has ended as it should."""
    act(way, f"batch/{name}", "issue", lot(**said), by="issue")
    act(way, f"batch/{name}", "start", by="perform")
    act(way, f"batch/{name}", "complete")
