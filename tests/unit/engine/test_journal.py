"""The journal of a visit: each event changes one effect's entry, and another effect under its number is refused."""

import msgspec
import pytest

from automation.engine.journal import DEFECTIVE, Entry, Journal, raised
from automation.kernel.errors import FailedError, JournalError, LinkError
from automation.ledger.event import Envelope, Event

CALL = {"visit": 1, "n": 1, "asset": "FRZ-1", "method": "ramp", "args": {"rate": 1}, "kind": "act"}
FELL = {"visit": 1, "n": 1, "error": "LinkError", "message": "no reply"}
ARGS = b'{"rate":1}'


def _event(seq: int, what: str, /, **body: object) -> Event:
    """Make an event of a step's stream."""
    envelope = Envelope(seq, "batch/B1/step/1", seq, what, 1, 1, 0, "UTC", "system", "", None)
    rest = {"body": msgspec.json.encode(body), "prev": b"", "prev_in_stream": b"", "hash": b""}
    return msgspec.convert(msgspec.structs.asdict(envelope) | rest, Event)


def _journal(*events: Event) -> Journal:
    """Take events in."""
    journal = Journal(1)
    for event in events:
        journal.add(event)
    return journal


def test_an_act_is_open_from_its_call_to_its_outcome() -> None:
    """What was asked, of what kind, in which attempt; then what came."""
    call, reply = _event(4, "call", **CALL, attempt=2), _event(5, "reply", visit=1, n=1)
    journal = _journal(call)
    assert journal.entries == {1: Entry("FRZ-1.ramp", ARGS, "act", 2, call)}
    assert journal.last == 4
    journal.add(reply)
    assert journal.entries == {1: Entry("FRZ-1.ramp", ARGS, "act", 2, call, reply)}
    assert journal.last == 5


@pytest.mark.parametrize("kind", ["refused", "failed", "doubt"])
def test_what_went_wrong_is_the_outcome_of_the_call(kind: str) -> None:
    """A query, which has no call event, brings its own words; a new call makes it open again."""
    call, fell = _event(1, "call", **CALL), _event(2, kind, **FELL)
    assert _journal(call, fell).entries == {1: Entry("FRZ-1.ramp", ARGS, "act", 1, call, fell)}
    query = _event(3, kind, **FELL, asset="FRZ-1", method="chamber")
    assert _journal(query).entries == {1: Entry("FRZ-1.chamber", outcome=query)}
    anew = _event(3, "call", **CALL, attempt=2)
    assert _journal(call, fell, anew).entries == {1: Entry("FRZ-1.ramp", ARGS, "act", 2, anew)}


def test_a_read_and_a_wait_are_effects_too() -> None:
    """A read is call and reply in one; a wait is over when its end was seen."""
    read = _event(1, "read", visit=1, n=1, asset="FRZ-1", method="chamber", args={"x": 2})
    wait, seen = (
        _event(2, "wait", visit=1, n=2, what="answer", detail={"by": "QA"}),
        _event(3, "seen", visit=1, n=2, name="x"),
    )
    assert _journal(read, wait, seen).entries == {
        1: Entry("FRZ-1.chamber", b'{"x":2}', outcome=read),
        2: Entry("answer", b'{"by":"QA"}', called=wait, outcome=seen),
    }


@pytest.mark.parametrize(
    ("outcome", "seen_done", "unsettled"), [("done", True, False), ("not done", False, False), (DEFECTIVE, False, True)]
)
def test_a_persons_decision_settles_a_doubt_or_says_that_nobody_knows(
    outcome: str, *, seen_done: bool, unsettled: bool
) -> None:
    """Done and not done settle it; a device found defective does not."""
    said = _event(3, "resolved", visit=1, n=1, outcome=outcome, by="QA", reason="looked")
    found = _journal(_event(1, "call", **CALL), _event(2, "doubt", **FELL), said).entries[1]
    assert (found.outcome, found.seen_done, found.unsettled) == (said, seen_done, unsettled)


@pytest.mark.parametrize(
    ("events", "settled_first"),
    [
        ([("call", CALL), ("failed", FELL)], False),
        ([("call", CALL), ("refused", FELL)], False),
        ([("call", CALL), ("doubt", FELL)], True),
        ([("call", CALL)], True),
        ([("call", CALL | {"attempt": 2}), ("failed", FELL)], True),
        (
            [
                ("call", CALL),
                ("resolved", {"visit": 1, "n": 1, "outcome": "done", "by": "QA", "reason": "x"}),
                ("failed", FELL),
            ],
            True,
        ),
        (
            [
                ("call", CALL),
                ("resolved", {"visit": 1, "n": 1, "outcome": DEFECTIVE, "by": "QA", "reason": "x"}),
                ("failed", FELL),
            ],
            True,
        ),
    ],
)
def test_what_a_person_lets_be_tried_anew_is_settled_first_unless_it_is_known_to_have_failed(
    events: list[tuple[str, dict[str, object]]], *, settled_first: bool
) -> None:
    """Only an only attempt that is known to have failed is sent again without asking the device."""
    journal = _journal(*(_event(seq, kind, **body) for seq, (kind, body) in enumerate(events, 1)))
    journal.add(_event(8, "again", visit=1, n=1))
    entry = journal.entries[1]
    assert (entry.called is not None, entry.outcome, entry.attempt, entry.again) == (settled_first, None, 0, 1)
    journal.add(_event(9, "again", visit=1, n=1))
    assert entry.again == 2


def test_events_of_other_kinds_touch_no_effect() -> None:
    """They are the visit's last all the same."""
    journal = _journal(_event(1, "enter", visit=1, state="cooling"), _event(2, "data", visit=1, n=1))
    assert (journal.entries, journal.last) == ({}, 2)


def test_another_effect_under_a_recorded_number_is_refused_with_both() -> None:
    """The code was changed under a running step, or does not repeat itself."""
    journal = _journal(_event(1, "call", **CALL))
    assert journal.check(1, "FRZ-1.ramp", ARGS) is journal.entries[1]
    assert journal.check(2, "FRZ-1.ramp", ARGS) is None
    for what, args in (("FRZ-1.hold", ARGS), ("FRZ-1.ramp", b"{}")):
        with pytest.raises(JournalError) as refused:
            journal.check(1, what, args)
        recorded = 'visit 1, effect 1: the record says FRZ-1.ramp {"rate":1}'
        assert str(refused.value) == f"{recorded}, the code now asks {what} {args.decode()}"


def test_what_has_only_an_outcome_is_no_recorded_effect() -> None:
    """A reply alone says nothing about what was asked."""
    assert _journal(_event(1, "reply", visit=1, n=1)).check(1, "FRZ-1.ramp", ARGS) is None


def test_a_recorded_error_is_raised_as_it_was() -> None:
    """With its class and words; one of an unknown class is a failure."""
    assert (type(raised(_event(1, "doubt", **FELL))), str(raised(_event(1, "doubt", **FELL)))) == (
        LinkError,
        "no reply",
    )
    assert type(raised(_event(1, "failed", **FELL | {"error": "OldError"}))) is FailedError
