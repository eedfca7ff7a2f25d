"""What the moves of curricula and trainings state, and what their rules want of other objects.

Source: the tables themselves; see ``moves``.
"""

from collections.abc import Callable
from typing import Final

from automation.gmp.accountability import ACCEPT
from automation.kernel.machine import Row
from tests.support.doors import PEOPLE, Doorway
from tests.unit.gmp.moves_of_quality import act

Body = dict[str, object]
PLAN: Final[Body] = {
    "title": "Freezing",
    "operations": ["freeze"],
    "valid_days": 365,
    "trainers": list(PEOPLE.values()),
}
TASK: Final[Body] = {"curriculum": "C", "documents": ["SOP-12@3"], "valid_days": 365, "due": "2026-12-24T12:00"}
TRAINEE: Final = "read"
ESIG: Final = "ESIG@1"
BINDING: Final[Body] = {"title": "Signatures bind", "sort": "signature statement", "text": "It binds like one by hand."}
COURSE: Final[Body] = {"course": "data-integrity@1", "pass_mark": 80}
BODIES: Final[dict[str, dict[str, Body]]] = {
    "curriculum": {
        "write": PLAN,
        "assign": {"person": TRAINEE},
        "reopen": {"document": "SOP-12@4", "begins": "2026-12-24"},
    },
    "training": {
        "read": {"documents": ["SOP-12@3"]},
        "observe": {"run": "batch/B1/step/freeze", "passed": True},
        **{command: {"run": "media fill MF-1", "passed": True} for command in ("credit", "extend")},
        "examine": {"letters": "a" * 12},
        "assess": {"score": 90, "form": "QUIZ-12@1"},
        "recognise": {"evidence": "ten years of freezing"},
    },
}
NAMED: Final[dict[tuple[str, str], Callable[[str], Body]]] = {  # what names whose it is
    ("training", command): lambda owner: {**TASK, "person": owner or TRAINEE} for command in ("assign", "renew")
}


def before(way: Doorway, kind: str, command: str, *, name: str) -> None:
    """Bring the curriculum of the trainings into force, once; let a step be under way that is taken over."""
    if (kind, command) in {("batch", "take_over"), ("batch", "relieve")}:
        asked = {"kind": "confirm", "text": "Is the bag inside?", "batch": name, "step": "freeze"}
        way.do(f"prompt/{name}-P", "open", asked)
    if kind == "training" and way.state("curriculum/C") == "absent":
        act(way, "curriculum/C", "write", PLAN, by="supervise")
        act(way, "curriculum/C", "approve", by="approve")


def own(way: Doorway, kind: str, row: Row, *, favourite: str) -> str:
    """Give the stream of what somebody does with the own account only; empty for anything else."""
    if (kind, row.command) != ("person", ACCEPT) or favourite not in PEOPLE.values():
        return ""
    stated(way)
    return f"person/{favourite}"


def stated(way: Doorway) -> None:
    """Have a signature statement that is approved and not in force yet, once."""
    if way.state(f"document/{ESIG}") == "absent":
        act(way, f"document/{ESIG}", "write", BINDING, by="supervise")
        act(way, f"document/{ESIG}", "submit", by="supervise")
        act(way, f"document/{ESIG}", "review", by="review")
        act(way, f"document/{ESIG}", "approve", by="approve")


def hand(kind: str, step: Row, owner: str) -> str:
    """Give whose hand a step on the way needs; empty for anybody's."""
    if kind == "thread":  # who opens it closes it
        return owner
    return (owner or TRAINEE) if (kind, step.command) == ("training", "read") else ""
