"""Inspections: who looks can only read, each look is on record, answers rest on records, and all is answered."""

import pytest

from automation.gmp.quality.inspections import Inspection
from tests.support.doors import SECOND, Doorway
from tests.unit.gmp.moves_of_quality import VISIT, Body, act, check_refused
from tests.unit.gmp.test_quality import NEXT_YEAR

VISITED, Q = "inspection/INS-1", "question/Q-1"
ASKED: Body = {"inspection": "INS-1", "text": "who may open it?"}
ANSWER: Body = {"text": "by SOP-12", "records": ["person/perform"]}
FOUND: Body = {"number": 1, "text": "a page was not signed", "grade": "major"}


def under_way(way: Doorway) -> None:
    """Begin an inspection by the person who can only read."""
    act(way, VISITED, "announce", VISIT, by="review")
    act(way, VISITED, "begin", by="review")


@pytest.mark.requirement("F107", "F109")
@pytest.mark.requirement("F107", "F109", refuses=True)
def test_an_inspector_is_a_person_who_can_read_and_nothing_else(way: Doorway) -> None:
    """Refused at the announcement, and at the look when more was granted since."""
    check_refused(
        way,
        VISITED,
        "announce",
        {**VISIT, "inspectors": ["review"]},
        by="review",
        match="can't have review as inspector",
    )
    under_way(way)
    check_refused(way, VISITED, "look", {"what": "list batch"}, by=SECOND, match="is not second's: read may look")
    act(way, VISITED, "look", {"what": "list batch"}, by="read")
    way.do("person/read", "grant", {"roles": ["read", "perform"], "reason": "short of hands"}, by="administer")
    check_refused(way, VISITED, "look", {"what": "list batch"}, by="read", match="read can do more than read")
    assert way.get(Inspection, VISITED).looks == 1


@pytest.mark.requirement("F107")
@pytest.mark.requirement("F107", refuses=True)
def test_people_of_the_site_inspect_it_themselves_but_neither_announce_nor_answer_it(way: Doorway) -> None:
    """Nobody at a site can do nothing but read; a self inspection is made by those who are there."""
    own = {**VISIT, "sort": "self inspection", "inspectors": [SECOND]}
    match = f"can't be announced by {SECOND}, who is to inspect"
    check_refused(way, VISITED, "announce", own, by=SECOND, match=match)
    check_refused(way, VISITED, "announce", {**own, "inspectors": ["x"]}, by="review", match="x as inspector, who may")
    act(way, VISITED, "announce", own, by="review")
    act(way, VISITED, "begin", by="review")
    act(way, VISITED, "look", {"what": "list batch"}, by=SECOND)
    act(way, VISITED, "find", {**FOUND, "grade": "other"}, by=SECOND)
    act(way, VISITED, "end", by="review")
    said = {"number": 1, "text": "it was a copy", "capa": []}
    check_refused(way, VISITED, "respond", said, by=SECOND, match="somebody else has to respond")
    act(way, VISITED, "respond", said, by="review")
    assert way.get(Inspection, VISITED).looks == 1


@pytest.mark.requirement("F110")
@pytest.mark.requirement("F110", refuses=True)
def test_an_answer_rests_on_records_and_is_let_out_by_another_than_its_author(way: Doorway) -> None:
    """A question needs its inspection under way; an answer from nothing is refused."""
    check_refused(way, Q, "ask", ASKED, by="read", match="is absent, not under way")
    under_way(way)
    act(way, Q, "ask", ASKED, by="read")
    check_refused(way, Q, "withdraw", {"reason": "too hard"}, by="review", match="only an inspector can withdraw it")
    check_refused(
        way, Q, "answer", {**ANSWER, "records": ["everybody knows"]}, by="review", match="is no evidence here"
    )
    act(way, Q, "answer", ANSWER, by=SECOND)
    check_refused(way, Q, "deliver", by=SECOND, match="someone else has to deliver it")
    act(way, Q, "deliver", by="approve")
    assert way.state(Q) == "delivered"


@pytest.mark.requirement("F107", "F110", "F172.1")
@pytest.mark.requirement("F110", "F172.1", refuses=True)
def test_an_inspection_is_closed_when_every_question_and_finding_is_answered(way: Doorway) -> None:
    """A major finding needs a CAPA that is there; who responded does not close it."""
    under_way(way)
    act(way, Q, "ask", ASKED, by="read")
    act(way, VISITED, "find", FOUND, by="review")
    act(way, VISITED, "end", by="review")
    outcome: Body = {"outcome": "no objection"}
    check_refused(
        way, VISITED, "close", outcome, by="approve", match="question Q-1 is asked; finding 1 has no response"
    )
    response: Body = {"number": 1, "text": "signed now"}
    check_refused(way, VISITED, "respond", response, by="investigate", match="finding 1 needs a CAPA")
    check_refused(
        way, VISITED, "respond", {**response, "capa": ["C-1"]}, by="investigate", match="C-1, which is not there"
    )
    act(way, "capa/C-1", "plan", _plan(), by="investigate")
    act(way, VISITED, "respond", {**response, "capa": ["C-1"]}, by=SECOND)
    act(way, Q, "answer", ANSWER, by="review")
    act(way, Q, "deliver", by="approve")
    check_refused(way, VISITED, "close", outcome, by=SECOND, match="someone else has to close it")
    act(way, VISITED, "close", outcome, by="approve")


@pytest.mark.requirement("F075", refuses=True)
def test_a_capa_comes_from_something_that_is_there(way: Doorway) -> None:
    """Also from a finding, a complaint or a non-conformance; a word is no source."""
    under_way(way)
    for source in ("inspection/INS-9", "gossip/G-1", "person/perform"):
        check_refused(
            way, "capa/C-1", "plan", {**_plan(), "source": source}, by="investigate", match=f"comes from {source}"
        )
    act(way, "capa/C-1", "plan", _plan(), by="investigate")


def _plan() -> Body:
    what = {"source": "inspection/INS-1", "sort": "corrective", "cause": "no field", "action": "a field"}
    check = {"owner": "perform", "due": NEXT_YEAR, "measure": "unsigned pages", "criterion": "none"}
    return {**what, **check, "check_at": "2032-01-01T00:00"}
