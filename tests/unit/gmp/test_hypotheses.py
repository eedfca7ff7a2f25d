"""Hypotheses: the prediction comes before what counts for it, and the other side is answered."""

import pytest

from automation.gmp.quality.hypotheses import Hypothesis
from tests.support.doors import SECOND, Doorway
from tests.unit.gmp.moves_of_quality import GUESS, Body, act, check_refused, lot
from tests.unit.gmp.moves_of_quality import TESTED as SEEN

H, D = "hypothesis/H-1", "deviation/D-1"
ABOUT: Body = {**GUESS, "about": [D]}
JUDGED: Body = {"conclusion": "as predicted"}
AGAINST: Body = {**SEEN, "side": "against", "what": "it stayed cold once"}


@pytest.fixture
def guessed(way: Doorway) -> Doorway:
    """A deviation, and a hypothesis about it."""
    act(way, D, "open", {"subject": "person/perform", "title": "a warm chamber"}, by="perform")
    act(way, H, "propose", ABOUT, by=SECOND)
    return way


def later(way: Doorway, **said: object) -> Body:
    """Give evidence that was recorded after the prediction."""
    return {**SEEN, "evidence": [f"event {way.door.seq}"], **said}


@pytest.mark.requirement("F180.2")
@pytest.mark.requirement("F180.2", refuses=True)
def test_a_hypothesis_is_supported_by_what_came_after_its_prediction_only(guessed: Doorway) -> None:
    """What it was made from does not count; who proposed it does not judge it."""
    act(guessed, H, "test", SEEN, by="perform")
    check_refused(guessed, H, "support", JUDGED, by="review", match="rests on what was known before it")
    act(guessed, H, "test", later(guessed), by="perform")
    check_refused(guessed, H, "support", JUDGED, by=SECOND, match="was proposed by second; someone else judges it")
    act(guessed, H, "support", JUDGED, by="review")
    told = guessed.get(Hypothesis, H).told(guessed.door)
    assert told[0] == "for: it warmed by 3 K (event 3; perform)"


@pytest.mark.requirement("F180.2")
@pytest.mark.requirement("F180.2", refuses=True)
def test_an_engineering_lot_made_to_test_it_counts_and_a_lot_for_a_patient_is_not_made_for_that(
    guessed: Doorway,
) -> None:
    """The lot was issued after the prediction, and stands beside the hypothesis."""
    act(guessed, "batch/B-1", "issue", lot(), by="issue")
    check_refused(guessed, H, "test", {**SEEN, "lot": "B-2"}, by="perform", match=r"lot is batch/B-2, .*\(known: B-1\)")
    guessed.clock.go(60.0)
    act(guessed, "batch/B-9", "issue", lot(), by="issue")
    act(guessed, H, "test", {**SEEN, "lot": "B-9"}, by="perform")
    act(guessed, H, "support", JUDGED, by="review")
    assert [one.id for one in guessed.door.marked("hypothesis", "batch B-9")] == ["H-1"]


@pytest.mark.requirement("F180.2")
@pytest.mark.requirement("F180.2", refuses=True)
def test_each_piece_of_the_other_side_is_answered_and_new_evidence_opens_it_again(guessed: Doorway) -> None:
    """Nothing that speaks against it is passed over."""
    check_refused(
        guessed, H, "test", {**SEEN, "evidence": ["we all saw it"]}, by="perform", match="is no evidence here"
    )
    act(guessed, H, "test", later(guessed), by="perform")
    check_refused(guessed, H, "refute", JUDGED, by="review", match="has nothing that speaks against it")
    act(guessed, H, "test", AGAINST, by="verify")
    check_refused(guessed, H, "support", JUDGED, by="review", match="has 1 pieces that speak against it; answer each")
    act(guessed, H, "support", {**JUDGED, "answers": ["the sensor was out"]}, by="review")
    act(guessed, H, "test", AGAINST, by="verify")
    assert guessed.state(H) == "tested"
    act(guessed, H, "refute", {**JUDGED, "answers": ["chance"]}, by="review")


@pytest.mark.requirement("F180.2", "F073")
@pytest.mark.requirement("F180.2", "F073", refuses=True)
def test_a_deviation_is_not_concluded_while_a_hypothesis_about_it_is_open(guessed: Doorway) -> None:
    """It is judged, or withdrawn with the reason before anybody tested it."""
    concluding: Body = {"cause": "the lid", "impact": "none"}
    check_refused(
        guessed, D, "conclude", concluding, by="investigate", match="hypothesis H-1 is proposed; support, refute"
    )
    act(guessed, H, "withdraw", {"reason": "the lid was never opened"}, by=SECOND)
    act(guessed, D, "conclude", concluding, by="investigate")
