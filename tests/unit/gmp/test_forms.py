"""Paper forms: numbered, transcribed with their own times, compared by somebody else, each accounted for."""

import pytest

from tests.support.doors import SECOND, Doorway
from tests.support.thread import Thread
from tests.unit.gmp.moves_of_quality import LINE, Body, act, check_refused, effective, following, lot

FORM = "form/B1-F01"
PRINT: Body = {"batch": "B1", "title": "freeze", "sha256": "b" * 64}
SCAN: Body = {"sha256": "a" * 64, "pages": 1}


def returned(way: Doorway) -> None:
    """Issue a form of a batch and hand it in."""
    act(way, "batch/B1", "issue", lot(), by="issue")
    act(way, FORM, "issue", PRINT, by="perform")
    act(way, FORM, "hand_in", SCAN, by="perform")
    act(way, "deviation/DT-1", "open", {"subject": "batch/B1", "title": "downtime"}, by="perform")


def transcript(**changed: object) -> Body:
    """Give what stands on the form."""
    return {"entries": [{**LINE, **changed}], "deviation": "DT-1"}


@pytest.mark.requirement("F046", refuses=True)
@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"done": "2026-11-22T08:00"}, "line 1: 2026-11-22T08:00 is before it was issued"),
        ({"done": "2026-11-22T12:00"}, "line 1: 2026-11-22T12:00 is still to come"),
        ({"seen_by": "perform"}, "perform can't be seen by perform"),
        ({"seen_by": "nobody"}, "nobody is nobody here"),
    ],
)
def test_a_line_of_a_form_has_a_time_that_can_be_and_two_people(way: Doorway, changed: Body, match: str) -> None:
    """What is written as it was is taken."""
    returned(way)
    check_refused(way, FORM, "transcribe", transcript(**changed), by="perform", match=match)
    act(way, FORM, "transcribe", transcript(), by="perform")


@pytest.mark.requirement("F046", refuses=True)
def test_who_transcribed_a_form_does_not_compare_it(way: Doorway) -> None:
    """Another person does, or sends it back."""
    returned(way)
    act(way, FORM, "transcribe", transcript(), by=SECOND)
    check_refused(way, FORM, "verify", by=SECOND, match="someone else has to compare it with the paper")
    act(way, FORM, "return", {"reason": "line 1 says 09:01"}, by="verify")
    act(way, FORM, "transcribe", transcript(), by="perform")
    act(way, FORM, "verify", by="verify")
    assert way.state(FORM) == "verified"


@pytest.mark.requirement("F046", refuses=True)
def test_a_form_is_of_a_batch_that_is_there_and_its_downtime_has_a_deviation(way: Doorway) -> None:
    """Neither can be made up; a lost print has its deviation, too."""
    check_refused(way, FORM, "issue", PRINT, by="perform", match="batch B1, which is not known here")
    returned(way)
    wrong = {**transcript(), "deviation": "DT-9"}
    check_refused(way, FORM, "transcribe", wrong, by="perform", match="needs its deviation, which is absent")
    other = "form/B1-F02"
    act(way, other, "issue", PRINT, by="perform")
    lost: Body = {"fate": "lost", "reason": "not in the binder"}
    check_refused(way, other, "void", lost, by="perform", match="needs its deviation, which is named nowhere")
    act(way, other, "void", {**lost, "deviation": "DT-1"}, by="perform")


@pytest.mark.requirement("F046", "F116", refuses=True)
def test_a_form_is_printed_from_the_version_in_force_only(way: Doorway) -> None:
    """A superseded master is not used any more; the one that holds is."""
    act(way, "batch/B1", "issue", lot(), by="issue")
    for version in (1, 2):
        effective(way, f"FORM-3@{version}", sort="form")
        following(way)
    old: Body = {**PRINT, "document": "FORM-3@1"}
    check_refused(way, FORM, "issue", old, by="perform", match="print of FORM-3@1, which is not in force")
    act(way, FORM, "issue", {**old, "document": "FORM-3@2"}, by="perform")
    assert way.state(FORM) == "issued"


@pytest.mark.requirement("F010", "F046", "F177.1", refuses=True)
def test_a_lot_is_not_released_while_a_form_of_it_is_not_accounted_for(way: Doorway) -> None:
    """The refusal names the form; voided by two people it stands in nobody's way."""
    thread = Thread(way, "X1")
    thread.until("release", "release_conditionally")
    act(way, "form/X1-F01", "issue", {**PRINT, "batch": "X1"}, by="perform")
    said = thread.body("release", "release_conditionally")
    check_refused(
        way, "release/X1", "release_conditionally", said, by="release", match="form X1-F01 is issued, not acc"
    )
    act(way, "form/X1-F01", "void", {"fate": "unused", "reason": "the program was back"}, by="perform")
    thread.do("release", "release_conditionally", by="release")


@pytest.mark.requirement("F010", "F074", refuses=True)
def test_a_lot_is_not_released_while_a_non_conformance_of_it_is_open(way: Doorway) -> None:
    """Of one of its containers as of itself; closed, it stands in nobody's way."""
    thread = Thread(way, "X1")
    thread.until("release", "release_conditionally")
    leak: Body = {"subject": "container/X1-P", "found": "a scratch", "requirement": "SPEC-BAG@1"}
    act(way, "nonconformance/NC-1", "report", leak, by="perform")
    said = thread.body("release", "release_conditionally")
    check_refused(
        way, "release/X1", "release_conditionally", said, by="release", match="non-conformance NC-1 is reported"
    )
    used: Body = {"disposition": "use as is", "reason": "only the overwrap", "deviation": "X1"}
    act(way, "nonconformance/NC-1", "propose", used, by="investigate")
    act(way, "nonconformance/NC-1", "decide", by="approve")
    act(way, "nonconformance/NC-1", "close", {"what": "looked at again", "evidence": "deviation/X1"}, by="perform")
    thread.do("release", "release_conditionally", by="release")
