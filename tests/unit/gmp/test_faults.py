"""Faults: routed by how bad they are, repaired by one, put back to use by another."""

import pytest

from automation.gmp.due import Urgency, dues_of
from automation.gmp.plant.faults import Fault
from automation.kernel.errors import RefusedError
from tests.support.doors import SECOND, Doorway
from tests.unit.gmp.moves_of_plant import ISSUE, Body
from tests.unit.gmp.moves_of_quality import act, following

F, A = "fault/F-1", "asset/washer-1"
CAUSE: Body = {"cause": "a worn seal", "evidence": "photo 3"}
DONE: Body = {"what": "the seal was changed", "parts": ["S-17"]}
WORKS: Body = {"test": "three runs with water"}


def _fault(way: Doorway, severity: str, **said: object) -> None:
    way.do(A, "register", {"asset_class": "washer"})
    way.do(A, "install", {"due": "2027-06-30"})
    way.do("batch/B1", "issue", ISSUE, by="issue")
    report: Body = {"asset": "washer-1", "severity": severity, "what": "it leaks", "code": "E42", **said}
    way.do(F, "report", report, by="perform")
    following(way)


@pytest.mark.requirement("F032")
@pytest.mark.parametrize(
    ("severity", "asset", "alarms", "deviations"),
    [("minor", "qualified", 0, 0), ("major", "qualified", 0, 1), ("critical", "out of service", 1, 1)],
)
def test_a_fault_is_routed_by_how_bad_it_is(
    severity: str, asset: str, alarms: int, deviations: int, way: Doorway
) -> None:
    """A critical one takes the asset out of service and sounds; one that met product is looked into."""
    _fault(way, severity, batch="B1")
    found = (way.state(A), len(list(way.door.every("alarm"))), len(list(way.door.every("deviation"))))
    assert found == (asset, alarms, deviations)


@pytest.mark.requirement("F032")
@pytest.mark.parametrize(("severity", "hours"), [("minor", 72.0), ("major", 8.0), ("critical", 1.0)])
def test_a_fault_that_nobody_takes_up_reaches_the_supervisor(severity: str, hours: float, way: Doorway) -> None:
    """In an hour, a shift or three days."""
    _fault(way, severity)
    way.clock.go(hours * 3600.0)
    [due] = dues_of(way.get(Fault, F))
    before = due.concerns("carla", {"supervise"}, way.clock.now())
    way.clock.go(1.0)
    assert (before, due.concerns("carla", {"supervise"}, way.clock.now())) == (False, True)
    assert due.urgency(way.clock.now()) is Urgency.OVERDUE


@pytest.mark.requirement("F032", refuses=True)
@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"batch": "B9"}, "names batch/B9, which is not known here"),
        ({"bundle": "fault.json"}, "names the file 'fault.json'; its SHA-256 is needed"),
        ({"asset": "washer-9"}, "is of washer-9, no asset here"),
    ],
)
def test_a_fault_names_what_is_there(said: Body, match: str, way: Doorway) -> None:
    """A batch that is written wrongly would get no deviation, and nobody would be told."""
    with pytest.raises(RefusedError, match=match):
        _fault(way, "major", **said)
    way.do(F, "report", {"asset": "washer-1", "severity": "major", "what": "it leaks", "batch": "B1"}, by="perform")


@pytest.mark.requirement("F032", refuses=True)
def test_a_fault_gets_worse_by_a_reason_and_never_better(way: Doorway) -> None:
    """Major is routed as if it had been reported so."""
    _fault(way, "major")
    with pytest.raises(RefusedError, match="major already; minor is no worse"):
        way.do(F, "escalate", {"severity": "minor", "reason": "let it be"}, by="perform")
    way.do(F, "escalate", {"severity": "critical", "reason": "it smokes"}, by="perform")
    following(way)
    assert way.state(A) == "out of service"


@pytest.mark.requirement("F032")
@pytest.mark.requirement("F032", refuses=True)
def test_a_fault_is_repaired_by_its_cause_and_judged_by_another(way: Doorway) -> None:
    """The alarm ends with the repair; the asset is put back to use by an own move."""
    _fault(way, "critical")
    way.do(F, "take", by=SECOND)
    with pytest.raises(RefusedError, match="state its cause before its repair"):
        act(way, F, "repair", DONE, by=SECOND)
    way.do(F, "diagnose", CAUSE, by=SECOND)
    act(way, F, "repair", DONE, by=SECOND)
    following(way)
    assert way.state("alarm/F-1-fault") == "returned"
    with pytest.raises(RefusedError, match="someone else puts it back to use"):
        act(way, F, "close", WORKS, by=SECOND)
    act(way, F, "close", WORKS, by="supervise")
    assert (way.state(F), way.state(A)) == ("closed", "out of service")
    act(way, A, "return", {"reason": "repaired and tried"}, by="maintain")


@pytest.mark.requirement("F032", "F166")
def test_a_repair_that_touches_the_calibration_is_closed_after_the_next_one(way: Doorway) -> None:
    """Not by that of before."""
    _fault(way, "major")
    for command, body in (("take", None), ("diagnose", CAUSE)):
        way.do(F, command, body, by="maintain")
    act(way, F, "repair", {**DONE, "requalify": True}, by="maintain")
    way.clock.go(60.0)
    with pytest.raises(RefusedError, match="calibrated again after its repair"):
        act(way, F, "close", WORKS, by="supervise")
    way.do(A, "calibrate", {"due": "2027-06-30", "certificate": "K-9"}, by="maintain")
    act(way, F, "close", WORKS, by="supervise")
    assert way.state(F) == "closed"


def test_a_fault_of_nothing_is_refused(way: Doorway) -> None:
    """The asset has to be here."""
    with pytest.raises(RefusedError, match="no asset here"):
        way.do(F, "report", {"asset": "x", "severity": "minor", "what": "gone"}, by="perform")
