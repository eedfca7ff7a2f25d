"""What an inspection would find open, and how long people have done what: both read off the record."""

from pathlib import Path

import pytest

from automation.ledger.read import Reader
from automation.views.checklist import checklist
from automation.views.experience import experience
from automation.views.objects import Objects
from tests.support.doors import Doorway, doorway
from tests.unit.gmp.moves_of_quality import act
from tests.unit.gmp.test_quality import deviating

HOUR = 3600.0  # s
ASSET = {"asset_class": "balance", "maker": "M", "model": "B", "serial": "1", "location": "Suite 1"}


def _answered(way: Doorway, name: str, *, after: float, step: str = "freeze", take: float = 0.0) -> None:
    """Ask somebody who freezes, let time pass (h), have it taken, and answered an hour and a half later."""
    said = {"kind": "confirm", "text": "Is it in?", "batch": "B1", "step": step, "operation": "freeze@2"}
    way.do(f"prompt/{name}", "open", said)
    way.clock.go(after * HOUR)
    if take:
        way.do(f"prompt/{name}", "claim", {"terminal": "bench-1"}, by="perform")
        way.clock.go(take * HOUR)
    way.do(f"prompt/{name}", "answer", {"values": {"confirmed": True}}, by="perform")


@pytest.mark.requirement("F172.2")
def test_the_checklist_says_what_an_inspection_would_find_open(tmp_path: Path) -> None:
    """An open deviation, what is overdue, who is not qualified for what; what is in order has nothing under it."""
    with doorway(tmp_path) as way:
        deviating(way, 1)
        way.do("asset/balance-01", "register", ASSET)
        way.clock.go(400 * 24 * HOUR)
        now = way.clock.now()
    with Reader(tmp_path) as reader:
        found = {line.topic: line for line in checklist(Objects(reader), now)}
    assert found["deviations and non-conformances"].found == ("deviation D1 is open",)
    assert any("D1" in text and "over by" in text for text in found["overdue"].found)
    assert any(text.startswith("asset balance-01 is") for text in found["equipment that is not ready"].found)
    assert [found[topic].good for topic in ("CAPA and actions", "QA holds", "changes")] == [True, True, True]


@pytest.mark.requirement("F183.2")
def test_the_hours_of_a_person_at_an_operation_add_up(tmp_path: Path) -> None:
    """From when a question was put or taken until it was answered; waiting does not count, nor anything twice."""
    with doorway(tmp_path) as way:
        act(way, "person/perform", "train", {"operation": "freeze", "version": "2"}, by="supervise")
        _answered(way, "P1", after=0.5)
        _answered(way, "P2", after=30.0, take=1.5)
        _answered(way, "P3", after=0.25, step="freeze-2")
        way.do("prompt/P4", "open", {"kind": "confirm", "text": "?", "step": "freeze", "operation": "freeze@2"})
    with Reader(tmp_path) as reader:
        objects = Objects(reader)
        [line] = experience(objects)
        assert not list(experience(objects, person="verify"))
    assert (line.person, line.operation, line.runs, line.answers, line.hours) == ("perform", "freeze", 2, 3, 2.25)
