"""What anybody may say, what people agree on, what comes from outside: each rule with its cheat and the right act."""

import re

import pytest

from automation.gmp.obstacles import obstacles
from automation.gmp.quality.meetings import Meeting
from tests.support.doors import PEOPLE, SECOND, Doorway
from tests.unit.gmp.moves_of_quality import (
    COMPLAINT,
    INQUIRY,
    MINUTES,
    SEEN,
    TASK,
    Body,
    act,
    check_refused,
    following,
    lot,
)

O, M, C = "observation/O-1", "meeting/M-1", "complaint/C-1"  # noqa: E741  as they are numbered
LATER = "2031-01-01T00:00"


@pytest.mark.requirement("F128", "F139", "F181")
def test_anybody_may_say_what_is_unsafe_in_every_state_of_it(way: Doorway) -> None:
    """Whatever right a person has, also to read only; a closed one is added to, and stays closed."""
    for number, person in enumerate(PEOPLE.values()):
        act(way, f"observation/O-{number}", "report", SEEN, by=person)
    act(way, O, "assess", {"conclusion": "a gasket"}, by="supervise")
    act(way, O, "close", by="approve")
    for person in PEOPLE.values():
        act(way, O, "add", {"text": "it is wet again"}, by=person)
    assert way.state(O) == "closed"


@pytest.mark.requirement("F076", "F128", "F139", "F142", "F181")
@pytest.mark.requirement("F076", "F128", "F139", "F181", refuses=True)
def test_an_observation_is_assessed_by_another_and_harm_asks_for_an_action(way: Doorway) -> None:
    """It closes when the action is done and seen."""
    check_refused(way, O, "report", {**SEEN, "when": LATER}, by="perform", match="still to come")
    check_refused(
        way,
        O,
        "report",
        {**SEEN, "items": ["batch/B-9"]},
        by="perform",
        match=r"names batch/B-9, which is not known here \(known: none\)",
    )
    act(way, O, "report", {**SEEN, "sort": "exposure", "harm": True}, by=SECOND)
    check_refused(way, O, "assess", {"conclusion": "nothing"}, by=SECOND, match="someone else has to assess it")
    check_refused(way, O, "assess", {"conclusion": "nothing"}, by="supervise", match="an action is needed")
    act(way, "action/A-1", "open", TASK, by="supervise")
    act(way, O, "assess", {"conclusion": "a gasket", "actions": ["action/A-1"]}, by="supervise")
    check_refused(way, O, "close", by="approve", match="action/A-1 is open")
    act(way, "action/A-1", "finish", {"what": "a new gasket"}, by=SECOND)
    check_refused(way, "action/A-1", "close", by=SECOND, match="someone else has to see that it is done")
    act(way, "action/A-1", "close", by="supervise")
    act(way, O, "close", by="approve")


@pytest.mark.requirement("F154.1")
@pytest.mark.requirement("F154.1", refuses=True)
def test_an_idea_of_anybody_is_followed_to_what_came_of_it(way: Doorway) -> None:
    """Whoever reads can have one; it is closed when its action is done, and not before."""
    act(way, O, "report", {**SEEN, "sort": "improvement", "what": "label the clamps by colour"}, by="read")
    act(way, "action/A-1", "open", TASK, by="supervise")
    act(way, O, "assess", {"conclusion": "worth trying", "actions": ["action/A-1"]}, by="supervise")
    check_refused(way, O, "close", by="approve", match="action/A-1 is open")
    act(way, "action/A-1", "finish", {"what": "clamps in two colours"}, by=SECOND)
    act(way, "action/A-1", "close", by="supervise")
    act(way, O, "close", by="approve")


@pytest.mark.requirement("F076", "F111", "F140")
@pytest.mark.requirement("F111", refuses=True)
def test_what_a_meeting_agreed_on_is_opened_when_another_who_was_there_approves_the_minutes(way: Doorway) -> None:
    """The author does not approve them, nor somebody who was not there."""
    agreed: Body = {**MINUTES, "present": [SECOND, "supervise", "perform"], "actions": [TASK]}
    act(way, M, "minute", agreed, by=SECOND)
    check_refused(way, M, "approve", by=SECOND, match="someone else has to approve it")
    check_refused(way, M, "approve", by="review", match="who was not there")
    act(way, M, "approve", by="supervise")
    following(way)
    assert way.state("action/M-1-A1") == "open"


@pytest.mark.requirement("F111", "F140", refuses=True)
@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"held": LATER}, "still to come"),
        ({"present": ["perform", "nobody"]}, "names nobody"),
        ({"actions": [{**TASK, "owner": "nobody"}]}, "an action for nobody"),
        ({"actions": [{**TASK, "due": "2026-01-01T00:00"}]}, "to be done by 2026-01-01T00:00, which is over"),
        ({"checklist": [{"item": "oxygen sensor", "good": False}]}, "found oxygen sensor not in order"),
    ],
)
def test_minutes_name_people_and_days_that_are_and_act_on_what_is_not_in_order(
    way: Doorway, wrong: Body, match: str
) -> None:
    """Each is refused; without it the minutes are taken."""
    check_refused(way, M, "minute", {**MINUTES, **wrong}, by="perform", match=match)
    act(way, M, "minute", MINUTES, by="perform")


@pytest.mark.requirement("F128")
def test_a_serious_complaint_needs_its_deviation_closed_before_it_is_answered(way: Doorway) -> None:
    """It is about a lot that is known; its investigator does not close it."""
    check_refused(way, C, "receive", COMPLAINT, by="order", match="lot is batch/B1, which is not known here")
    act(way, "batch/B1", "issue", lot(), by="issue")
    act(way, C, "receive", {**COMPLAINT, "serious": True}, by="order")
    check_refused(way, C, "investigate", INQUIRY, by="review", match="needs its deviation, which is named nowhere")
    deviation = "deviation/D1"
    act(way, deviation, "open", {"subject": C, "title": "torn", "batch": "B1"}, by="perform")
    act(way, deviation, "conclude", {"cause": "a worn seal", "impact": "none"}, by="investigate")
    assert "complaint C-1 is received" in [one.sentence for one in obstacles(way.door, "B1", specification="S@1")]
    act(way, C, "investigate", {**INQUIRY, "deviation": "D1"}, by=SECOND)
    check_refused(way, C, "close", {"reply": "we looked"}, by=SECOND, match="someone else has to close it")
    check_refused(
        way, C, "close", {"reply": "we looked"}, by="approve", match="waits for deviation D1, which is concluded"
    )
    act(way, deviation, "close", by="approve")
    act(way, C, "close", {"reply": "we looked"}, by="approve")
    left = [one.sentence for one in obstacles(way.door, "B1", specification="S@1")]
    assert not any("complaint" in sentence for sentence in left)


@pytest.mark.requirement("F152.2")
@pytest.mark.requirement("F152.2", refuses=True)
def test_a_course_lists_who_attended_and_somebody_who_was_there_confirms_it(way: Doorway) -> None:
    """Nobody who is nobody here, nobody twice, and not by the word of who wrote the list alone."""
    course = {**MINUTES, "sort": "course", "topic": "aseptic technique", "present": ["perform", "supervise"]}
    for present, why in (
        (["perform", "nobody"], "names nobody, who is nobody here"),
        (["perform", "perform"], "names perform twice"),
    ):
        check_refused(way, M, "minute", {**course, "present": present}, by="review", match=why)
    act(way, M, "minute", course, by="review")
    check_refused(way, M, "approve", by="investigate", match="who was not there")
    act(way, M, "approve", by="supervise")
    [told] = way.get(Meeting, M).told(way.door)
    assert re.fullmatch(r"attended by 2: .*\(perform\), .*\(supervise\)", told)


@pytest.mark.requirement("F153")
@pytest.mark.requirement("F153", refuses=True)
def test_a_call_of_a_site_for_support_has_its_case_with_guidance_and_hand_off(way: Doorway) -> None:
    """Who called, what was said, whom it went to; it closes when what it was handed to is done."""
    call = {**SEEN, "sort": "support", "what": "the bag is frosted over", "where": "centre-1"}
    check_refused(way, O, "report", call, by="order", match="say who called")
    act(way, O, "report", {**call, "caller": "charge nurse of centre-1"}, by="order")
    handed: Body = {"conclusion": "the dry shipper was opened twice", "actions": ["action/A-1"]}
    check_refused(way, O, "assess", {"conclusion": "nothing"}, by="supervise", match="guidance .* or a hand-off")
    act(way, O, "add", {"text": "leave it closed, SOP-12 page 3"}, by="order")
    act(way, "action/A-1", "open", TASK, by="supervise")
    act(way, O, "assess", handed, by="supervise")
    check_refused(way, O, "close", by="approve", match="action/A-1 is open")
    act(way, "action/A-1", "finish", {"what": "called back"}, by="perform")
    act(way, "action/A-1", "close", by="supervise")
    act(way, O, "close", by="approve")
