"""Safety notices and threads: who has to read, who has to answer, and what nobody gets around."""

import pytest

from automation.gmp.due import dues_of
from automation.gmp.qualified import Work, unqualified
from automation.gmp.quality.safety_notices import Notice
from automation.gmp.quality.threads import Thread
from tests.support.doors import Doorway
from tests.unit.gmp.moves_of_quality import DANGER, SEEN, act, check_refused, following

Body = dict[str, object]
STREAM = "safety-notice/SN-1"


def issued(way: Doorway, **changed: object) -> None:
    """Issue a notice, and address whom it concerns."""
    act(way, STREAM, "issue", {**DANGER, "people": ["perform", "verify"], **changed}, by="supervise")
    following(way)


def lists(way: Doorway, stream: str) -> list[str]:
    """Give on whose lists something of an object stands."""
    return [due.owner for due in dues_of(way.door.find(*stream.split("/", 1)))]


@pytest.mark.requirement("F139")
@pytest.mark.requirement("F139", refuses=True)
def test_whoever_is_concerned_reads_and_signs_once_and_for_the_own_person(way: Doorway) -> None:
    """It is on their lists until then; who is not concerned, and who has signed, is refused."""
    issued(way)
    assert lists(way, STREAM) == ["perform", "verify"]
    check_refused(way, STREAM, "acknowledge", {}, by="review", match="does not concern review")
    act(way, STREAM, "acknowledge", {"remark": "where is the exit?"}, by="perform")
    check_refused(way, STREAM, "acknowledge", {}, by="perform", match="was read by perform before")
    assert lists(way, STREAM) == ["verify"]
    assert way.get(Notice, STREAM).told(way.door)[1:] == (
        "perform: read and understood (where is the exit?)",
        "verify: not read",
    )


@pytest.mark.requirement("F139")
@pytest.mark.requirement("F139", refuses=True)
def test_a_notice_is_for_somebody_and_comes_from_something(way: Doorway) -> None:
    """Nobody, strangers, a role that nobody holds, a source that is not there, a time that is over."""
    for changed, why in (
        ({"people": []}, "is for nobody"),
        ({"people": ["zoe"]}, "zoe, who is no active person"),
        ({"roles": ["captain"]}, "captain, which nobody holds"),
        ({"source": ["observation/O-9"]}, "observation/O-9, which is nothing here"),
        ({"by": "2026-11-22T08:00"}, "which is over"),
    ):
        check_refused(way, STREAM, "issue", {**DANGER, **changed}, by="supervise", match=why)
    way.do("observation/O-9", "report", SEEN, by="perform")
    issued(way, people=[], roles=["maintain", "treat"], source=["observation/O-9"])
    assert lists(way, STREAM) == ["treat", "maintain"]


@pytest.mark.requirement("F139", "F087")
@pytest.mark.requirement("F139", "F087", refuses=True)
def test_who_has_not_read_it_does_not_perform_what_it_names(way: Doorway) -> None:
    """Trained, and still refused; after the signature, and for everybody after its end, the way is free."""
    for person in ("perform", "verify"):
        way.do(f"person/{person}", "train", {"operation": "freeze"}, by="supervise")
    work, now = Work("freeze@2"), way.door.now
    assert unqualified(way.door, "perform", work, at=now) == ""
    issued(way, operations=["freeze"])
    assert unqualified(way.door, "perform", work, at=now) == "for which perform has to read safety notice SN-1"
    act(way, STREAM, "acknowledge", {}, by="perform")
    assert unqualified(way.door, "perform", work, at=now) == ""
    assert unqualified(way.door, "verify", work, at=now) != ""
    act(way, STREAM, "end", {"reason": "the valve was changed"}, by="review")
    assert unqualified(way.door, "verify", work, at=now) == ""


TALK = "thread/T-1"
OPENING: Body = {"subject": "person/perform", "topic": "pick-up", "text": "when does the courier come?"}


@pytest.mark.requirement("F174.2")
@pytest.mark.requirement("F174.2", refuses=True)
def test_a_thread_is_about_a_record_and_whoever_is_asked_has_it_on_the_list_until_answered(way: Doorway) -> None:
    """About nothing, to nobody, to oneself: refused. A question moves on with whoever is asked next."""
    for changed, why in (
        ({"subject": "batch/B-9"}, "batch/B-9, which is nothing here"),
        ({"asks": ["zoe"]}, "asks zoe, who is no active person"),
        ({"asks": ["collect"]}, "asks collect, who is writing"),
    ):
        check_refused(way, TALK, "open", {**OPENING, **changed}, by="collect", match=why)
    act(way, TALK, "open", {**OPENING, "asks": ["order", "treat"]}, by="collect")
    assert lists(way, TALK) == ["order", "treat"]
    act(way, TALK, "say", {"text": "at noon; will the suite be free?", "asks": ["issue"]}, by="order")
    assert lists(way, TALK) == ["treat", "issue"]
    way.clock.go(2.1 * 86_400.0)
    assert dues_of(way.get(Thread, TALK))[0].urgency(way.door.now) == "overdue"


@pytest.mark.requirement("F174.2")
@pytest.mark.requirement("F174.2", refuses=True)
def test_a_thread_is_closed_by_who_opened_it_when_nobody_has_to_answer_and_can_be_opened_again(way: Doorway) -> None:
    """Another person does not close it; what was written stays, with the outcome beside it."""
    act(way, TALK, "open", {**OPENING, "asks": ["order"]}, by="collect")
    done: Body = {"outcome": "at noon"}
    check_refused(way, TALK, "close", done, by="order", match="was opened by collect, who closes it")
    check_refused(way, TALK, "close", done, by="collect", match="order has to answer")
    act(way, TALK, "say", {"text": "at noon"}, by="order")
    act(way, TALK, "close", done, by="collect")
    assert (lists(way, TALK), way.get(Thread, TALK).outcome) == ([], "at noon")
    act(way, TALK, "reopen", {"text": "it did not come", "asks": ["order"]}, by="treat")
    assert way.get(Thread, TALK).told(way.door) == (
        "collect: when does the courier come?",
        "order: at noon",
        "treat: it did not come",
    )
