"""Prompts: asked of the right people, answered once, checked as they are entered."""

import pytest

from automation.gmp.people.prompts import CLAIM_LASTS, Prompt
from automation.kernel.errors import InputError, RefusedError
from tests.support.doors import SECOND, START, Doorway, proof

P = "prompt/B1.count.1.1"
VIABILITY = {"name": "viability", "label": "Viability", "unit": "%", "low": 0.0, "high": 100.0, "decimals": 1}


def _open(way: Doorway, kind: str = "enter", **more: object) -> None:
    way.do(P, "open", {"kind": kind, "text": "What do you see?", **more})


def _answer(way: Doorway, value: object, name: str = "viability", *, by: str = "perform") -> None:
    way.do(P, "answer", {"values": {name: value}}, by=by)


@pytest.mark.requirement("F004", "F047", "F047.1", "F173")
@pytest.mark.parametrize("given", ["93.5", 93.5])
def test_a_number_is_kept_as_a_number_with_who_and_when(way: Doorway, given: object) -> None:
    """Typed text and numbers mean the same."""
    _open(way, fields=[VIABILITY])
    _answer(way, given)
    prompt = way.get(Prompt, P)
    assert (prompt.state, dict(prompt.values)) == ("answered", {"viability": 93.5})
    assert (prompt.answered_by, prompt.answered_at, prompt.hands) == ("perform", START, frozenset({"perform"}))
    assert prompt.answered_seq == way.ledger.last.seq


@pytest.mark.requirement("F004", "F047.1", "F173", refuses=True)
@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("93,5", "write the decimal point as '.'"),
        ("93.55", "at most 1 decimals"),
        ("nan", "a finite number"),
        ("many", "a number is needed"),
        (True, "a number is needed"),
        (float("nan"), "finite number"),
    ],
)
def test_what_is_no_number_is_refused_with_what_is_allowed(way: Doorway, given: object, hint: str) -> None:
    """The prompt stays as it was, and nothing of it is recorded."""
    _open(way, fields=[VIABILITY])
    last = way.ledger.last
    with pytest.raises(InputError, match=hint):
        _answer(way, given)
    assert (way.state(P), way.ledger.last) == ("open", last)


@pytest.mark.requirement("F047", "F047.1", "F173", refuses=True)
def test_an_implausible_number_is_refused_on_the_record(way: Doorway) -> None:
    """What a known person tried is part of the story."""
    _open(way, fields=[VIABILITY])
    with pytest.raises(RefusedError, match="plausible is 0 to 100 %"):
        _answer(way, 935)
    assert len(way.refusals(P)) == 1


@pytest.mark.requirement("F173", refuses=True)
@pytest.mark.parametrize(
    ("values", "wrong"), [({}, "viability is missing"), ({"viability": 90, "colour": "red"}, "colour is not asked for")]
)
def test_every_field_is_answered_and_no_other(way: Doorway, values: dict[str, object], wrong: str) -> None:
    """The message names the field and all that there are."""
    _open(way, fields=[VIABILITY])
    with pytest.raises(InputError, match=wrong):
        way.do(P, "answer", {"values": values}, by="perform")


def test_a_choice_is_one_of_the_options(way: Doorway) -> None:
    """Anything else is answered with the options."""
    _open(way, "choose", options=["go on", "discard"])
    with pytest.raises(InputError, match="allowed: go on, discard"):
        _answer(way, "wait", "choice")
    _answer(way, "discard", "choice")
    assert dict(way.get(Prompt, P).values) == {"choice": "discard"}


@pytest.mark.requirement("F004", "F087", refuses=True)
def test_only_who_was_asked_and_is_trained_may_answer(way: Doorway) -> None:
    """The right alone is not enough for a step of an operation."""
    _open(way, "confirm", operation="freeze@2")
    with pytest.raises(RefusedError, match="has none of these rights"):
        way.do(P, "answer", by="maintain")
    with pytest.raises(RefusedError, match="is not trained"):
        way.do(P, "answer", by="perform")
    way.do("person/perform", "train", {"operation": "freeze", "version": "2"})
    way.do(P, "answer", by="perform")
    assert way.state(P) == "answered"


@pytest.mark.requirement("F004", refuses=True)
def test_what_one_person_claimed_another_does_not_answer(way: Doorway) -> None:
    """Until it is given back, or a supervisor takes it back."""
    _open(way, "confirm")
    way.do(P, "claim", {"terminal": "bench-1"}, by="perform")
    with pytest.raises(RefusedError, match="claimed by perform at bench-1"):
        way.do(P, "answer", by=SECOND)
    with pytest.raises(RefusedError, match="claimed by perform"):
        way.do(P, "unclaim", by="verify")
    way.do(P, "unclaim", by="supervise")
    way.do(P, "answer", by=SECOND)
    assert way.get(Prompt, P).answered_by == SECOND


def test_a_claim_keeps_others_away_for_ten_minutes_and_no_longer(way: Doorway) -> None:
    """Whoever claims a question and leaves, or whose terminal dies, stops nobody for ever."""
    _open(way, "confirm")
    way.do(P, "claim", {"terminal": "bench-1"}, by="perform")
    way.clock.go(float(CLAIM_LASTS) - 1.0)
    with pytest.raises(RefusedError, match="claimed by perform at bench-1"):
        way.do(P, "answer", by=SECOND)
    way.clock.go(1.0)
    way.do(P, "answer", by=SECOND)
    assert way.get(Prompt, P).answered_by == SECOND


@pytest.mark.requirement("F004", "F047")
def test_a_critical_entry_counts_once_a_second_person_has_verified_it(way: Doorway) -> None:
    """The person who entered it can't, and the second one shows the own secret."""
    _open(way, fields=[VIABILITY], second=True)
    way.do(P, "enter", {"values": {"viability": 91}}, by=SECOND)
    assert way.get(Prompt, P).state == "entered"
    with pytest.raises(RefusedError, match="a second person has to verify"):
        way.do(P, "verify", by=SECOND, signs=(proof(SECOND),))
    with pytest.raises(RefusedError, match="could not be identified"):
        way.do(P, "verify", by="verify")
    way.do(P, "verify", by="verify", signs=(proof("verify"),))
    prompt = way.get(Prompt, P)
    assert (prompt.state, prompt.answered_by, prompt.verified_by) == ("answered", SECOND, "verify")


def test_a_disputed_entry_is_asked_again(way: Doorway) -> None:
    """Nothing of it is left in the prompt; the ledger keeps it."""
    _open(way, fields=[VIABILITY], second=True)
    way.do(P, "enter", {"values": {"viability": 19}}, by="perform")
    way.do(P, "dispute", {"reason": "it reads 91"}, by="verify")
    prompt = way.get(Prompt, P)
    assert (prompt.state, prompt.values, prompt.answered_by) == ("open", (), "")


@pytest.mark.requirement("F020.2", "F173", refuses=True)
def test_a_wrong_code_is_refused_without_being_repeated_and_counted(way: Doorway) -> None:
    """A scanner reads anything, also what must not be written down."""
    _open(way, "scan", accept=["=A99992600000100"], expects="container identifier")
    for code in ("=A99992600000299", "DOE JANE"):
        with pytest.raises((RefusedError, InputError)) as error:
            _answer(way, code, "code")
        assert code not in str(error.value)
    way.do(P, "mismatch", {"scanned_kind": "product code", "hint": "scan the identifier"}, by="perform")
    prompt = way.get(Prompt, P)
    assert (prompt.state, prompt.mismatches, prompt.hint) == ("open", 1, "scan the identifier")


@pytest.mark.requirement("F006")
@pytest.mark.requirement("F006", "F009", refuses=True)
def test_after_another_patients_code_two_people_clear_the_line(way: Doorway) -> None:
    """Locked means that nobody answers before."""
    _open(way, "scan")
    way.do(P, "lock", {"reason": "identifier of another patient"})
    with pytest.raises(RefusedError, match="not possible in state 'locked'"):
        _answer(way, "=A99992600000100", "code")
    statement = {"statement": "nothing of another patient is on the bench"}
    alone = (proof("perform", "performed"), proof("perform", "verified"))
    with pytest.raises(RefusedError, match="different person"):
        way.do(P, "clear", statement, by="perform", signs=alone)
    two = (proof("perform", "performed"), proof("verify", "verified"))
    way.do(P, "clear", statement, by="perform", signs=two)
    assert (way.state(P), way.get(Prompt, P).hands) == ("open", frozenset({"perform", "verify"}))


@pytest.mark.parametrize(
    ("meanings", "command"),
    [
        ((), "sign"),
        (("performed", "verified"), "witness"),
        (("approved",), "approve"),
        (("responsible",), "vouch"),
        (("responsible", "approved"), "override"),
    ],
)
def test_a_prompt_says_which_command_signs_it(way: Doorway, meanings: tuple[str, ...], command: str) -> None:
    """And refuses an answer without the signatures."""
    _open(way, "sign", meanings=list(meanings))
    assert way.get(Prompt, P).wants == command
    with pytest.raises(RefusedError, match=f"wants '{command}'"):
        way.do(P, "answer", by="perform")


def test_meanings_that_no_command_signs_are_refused_when_it_is_opened(way: Doorway) -> None:
    """The message lists what there is."""
    with pytest.raises(InputError, match="one of these is allowed: performed; performed, verified"):
        _open(way, "sign", meanings=["verified"])
    assert way.state(P) == "absent"


def test_a_prompt_expires_at_its_deadline_and_not_before(way: Doorway) -> None:
    """One without a deadline never does."""
    _open(way, "confirm", deadline=float(START) + 60)
    way.clock.go(59)
    with pytest.raises(RefusedError, match="has not reached a deadline"):
        way.do(P, "expire")
    way.clock.go(1)
    way.do(P, "expire")
    assert way.state(P) == "expired"


def test_an_attachment_is_named_by_its_digest(way: Doorway) -> None:
    """The file itself stands beside the ledger."""
    _open(way, "attach")
    with pytest.raises(InputError, match="SHA-256"):
        _answer(way, "report.pdf", "file")
    _answer(way, "a" * 64, "file")
    assert way.state(P) == "answered"


@pytest.mark.requirement("F173", refuses=True)
@pytest.mark.parametrize(
    ("kind", "fields", "value", "hint"),
    [
        ("confirm", [], {"confirmed": False}, "only true is an answer"),
        ("enter", [{"name": "remark"}], {"remark": "  "}, "field remark is empty"),
        ("scan", [], {"code": "DOE JANE"}, "is no code"),
        ("scan", [], {"code": ""}, "is no code"),
    ],
)
def test_an_answer_that_says_nothing_is_refused(
    way: Doorway, kind: str, fields: list[object], value: dict[str, object], hint: str
) -> None:
    """To decline is another command; a name with its blank is no code."""
    _open(way, kind, fields=fields)
    with pytest.raises(InputError, match=hint):
        way.do(P, "answer", {"values": value}, by="perform")


def test_an_override_is_approved_by_somebody_who_may_approve(way: Doorway) -> None:
    """Two operators don't open a gate for each other."""
    _open(way, "sign", meanings=["responsible", "approved"])
    for second, allowed in (("supervise", False), ("approve", True)):
        signs = (proof("perform", "responsible"), proof(second, "approved"))
        if not allowed:
            with pytest.raises(RefusedError, match="supervise may not sign as approved"):
                way.do(P, "override", by="perform", signs=signs)
            continue
        way.do(P, "override", by="perform", signs=signs)
    assert way.state(P) == "answered"


@pytest.mark.requirement("F004", "F047", "F179", refuses=True)
def test_a_witness_who_comes_two_hours_later_has_seen_nothing(way: Doorway) -> None:
    """Refused and recorded; disputed and entered again before the other's eyes, it counts."""
    _open(way, fields=[{"name": "mass", "unit": "g"}], second=True)
    way.do(P, "enter", {"values": {"mass": "20.4"}}, by="perform")
    way.clock.go(2 * 3600.0)
    with pytest.raises(RefusedError, match="was entered more than 60 min ago"):
        way.do(P, "verify", by="verify", signs=(proof("verify"),))
    assert len(way.refusals(P)) == 1
    way.do(P, "dispute", {"reason": "I was not there"}, by="verify")
    way.do(P, "enter", {"values": {"mass": "20.4"}}, by="perform")
    way.clock.go(3600.0)
    way.do(P, "verify", by="verify", signs=(proof("verify"),))
    assert way.state(P) == "answered"
