"""Risks: what a rating asks for is done before the risk is accepted."""

import pytest

from automation.gmp.quality.risks import Risk
from automation.kernel.errors import InputError
from tests.support.doors import SECOND, Doorway
from tests.unit.gmp.moves_of_quality import FAILURE, RATING, Body, act, check_refused, closed
from tests.unit.gmp.test_quality import NEXT_YEAR

R = "risk/R-1"
BAD: Body = {"severity": 9, "occurrence": 5, "detection": 8}
WHY: Body = {"reason": "the controls are enough"}
PLAN: Body = {"actions": ["change/CC-1"], "owner": "supervise", "due": NEXT_YEAR}


def proposed(way: Doorway) -> None:
    """Propose a change."""
    act(way, "change/CC-1", "propose", {"title": "Switch", "what": "from none to one", "reason": "lids"}, by="perform")


@pytest.mark.requirement("F114", "F141")
@pytest.mark.requirement("F114", refuses=True)
def test_a_risk_of_high_priority_is_accepted_after_an_action_only(way: Doorway) -> None:
    """Refused at first; after the change it is rated again and accepted; its numbers are told."""
    act(way, R, "rate", {**FAILURE, **BAD}, by="investigate")
    assert way.get(Risk, R).told(way.door) == ("RPN 360, action priority high",)
    check_refused(way, R, "accept", WHY, by="approve", match="an action is needed")
    proposed(way)
    act(way, R, "treat", PLAN, by="investigate")
    check_refused(way, R, "rate_again", RATING, by="investigate", match="change/CC-1 is proposed")
    closed(way, "change/CC-1")
    act(way, R, "rate_again", RATING, by="investigate")
    act(way, R, "accept", WHY, by="approve")
    assert (way.state(R), way.get(Risk, R).rpn) == ("accepted", 100)


@pytest.mark.requirement("F141", refuses=True)
def test_who_rated_a_risk_does_not_accept_it(way: Doorway) -> None:
    """Neither of the two who signed the rating."""
    act(way, R, "rate", FAILURE, by="investigate")
    check_refused(way, R, "accept", WHY, by=SECOND, match="someone else has to accept it")
    act(way, R, "accept", WHY, by="approve")


@pytest.mark.requirement("F114", refuses=True)
def test_a_risk_is_treated_by_what_is_there_only(way: Doorway) -> None:
    """A word is no action; a change that was proposed is."""
    act(way, R, "rate", FAILURE, by="investigate")
    for action in ("be careful", "capa/C-9", "person/perform"):
        wrong: Body = {**PLAN, "actions": [action]}
        check_refused(way, R, "treat", wrong, by="investigate", match="no CAPA or change here")
    proposed(way)
    act(way, R, "treat", PLAN, by="investigate")


@pytest.mark.requirement("F114")
def test_a_risk_that_has_happened_is_open_again_and_asks_for_a_new_action(way: Doorway) -> None:
    """What was done before does not count for what happened after."""
    act(way, R, "rate", {**FAILURE, **BAD}, by="investigate")
    proposed(way)
    act(way, R, "treat", PLAN, by="investigate")
    closed(way, "change/CC-1")
    act(way, R, "rate_again", {**RATING, **BAD}, by="investigate")
    act(way, R, "accept", WHY, by="approve")
    act(way, R, "reopen", {"what": "a lid stood open", "evidence": "event 7"}, by="perform")
    check_refused(way, R, "accept", WHY, by="approve", match="an action is needed")


def test_a_rating_is_from_one_to_ten(way: Doorway) -> None:
    """The form itself says so."""
    with pytest.raises(InputError, match="severity: at most 10 is allowed"):
        act(way, R, "rate", {**FAILURE, "severity": 11}, by="investigate")
