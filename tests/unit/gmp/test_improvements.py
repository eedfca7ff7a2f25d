"""Improvements and 5S: nobody lets the own idea be tried or adopted, nothing is scored without what shows it."""

import pytest

from automation.gmp.quality.five_s import Area
from automation.gmp.quality.improvements import Measure
from automation.views.questions.measures import METRICS
from tests.support.doors import SECOND, Doorway
from tests.unit.gmp.moves_of_quality import AUDIT, IDEA, SCORES, TIDY, Body, act, check_refused, effective, following

CARD_1, F = "improvement/I-1", "five-s/bench"
CARD: Body = {**IDEA, "owner": "perform"}
TRIAL: Body = {"ends": "2026-12-22T09:00", "no_change": "nothing of the process is touched"}
FOUND: Body = {"conclusion": "less waiting"}
POOR: Body = {"scores": [*SCORES[:4], {"criterion": "sustain", "score": 1, "evidence": "event 3"}]}
FINDING: Body = {"criterion": "sustain", "what": "nobody signs the list", "owner": "perform", "due": "2031-01-01T00:00"}


def measured(way: Doorway) -> None:
    """Bring a card to where its trial is measured."""
    act(way, CARD_1, "propose", CARD, by="verify")
    act(way, CARD_1, "try", TRIAL, by="supervise")
    way.clock.go(30 * 86_400.0)
    act(way, CARD_1, "measure", FOUND, by="perform")


def test_a_card_can_name_every_metric_that_there_is() -> None:
    """The list of the object and that of the command are one."""
    assert {str(one) for one in Measure} == set(METRICS)


@pytest.mark.requirement("F154.2")
@pytest.mark.requirement("F154.2", refuses=True)
@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"no_change": ""}, "needs its change, or why none is needed"),
        ({"change": "CC-1"}, "needs its change, or why none is needed: one of them"),
        ({"change": "CC-1", "no_change": ""}, "by change CC-1, which is absent, not approved"),
        ({"ends": "2026-01-01T00:00"}, "which is over"),
    ],
)
def test_nothing_is_tried_without_its_change_or_the_reason_why_none_is_needed(
    way: Doorway, wrong: Body, match: str
) -> None:
    """Each is refused; without it the trial begins."""
    act(way, CARD_1, "propose", CARD, by="verify")
    check_refused(way, CARD_1, "try", {**TRIAL, **wrong}, by="supervise", match=match)
    act(way, CARD_1, "try", TRIAL, by="supervise")


@pytest.mark.requirement("F154.2")
@pytest.mark.requirement("F154.2", refuses=True)
def test_what_was_tried_is_the_way_of_work_when_a_document_in_force_says_so(way: Doorway) -> None:
    """Neither a draft nor somebody's word; and who measured it does not adopt it."""
    measured(way)
    check_refused(
        way, CARD_1, "adopt", {"standard": ["person/perform"]}, by="approve", match="a document or change is one"
    )
    check_refused(
        way, CARD_1, "adopt", {"standard": ["document/SOP-9@1"]}, by="approve", match=r"not known here \(known"
    )
    act(way, "document/SOP-9@1", "write", {"title": "Clamps", "sort": "sop", "text": "Blue."}, by="supervise")
    check_refused(
        way, CARD_1, "adopt", {"standard": ["document/SOP-9@1"]}, by="approve", match="is draft, not in force"
    )
    effective(way, "SOP-12@1")
    act(way, CARD_1, "adopt", {"standard": ["document/SOP-12@1"]}, by="approve")
    assert way.state(CARD_1) == "adopted"


@pytest.mark.requirement("F154.2")
@pytest.mark.requirement("F154.2", refuses=True)
def test_a_5s_audit_has_scores_over_time_and_its_findings_are_opened_as_actions(way: Doorway) -> None:
    """A poor score wants a finding; the keeper of the area does not score it; it is due again."""
    act(way, F, "plan", TIDY, by="supervise")
    act(way, F, "audit", AUDIT, by="perform")
    check_refused(way, F, "audit", POOR, by="verify", match="has less than 3 for sustain: say under findings")
    act(way, F, "audit", {**POOR, "findings": [FINDING]}, by="verify")
    following(way)
    area = way.get(Area, F)
    assert area.told(way.door) == (
        "audit 1: 15 of 20 by perform",
        "audit 2: 13 of 20 by verify",
        "not closed: bench-S2-1",
    )
    assert [(one.what, float(one.by) - float(way.clock.now())) for one in area.dues] == [
        ("audit the 5S of bench", 30 * 86_400.0)
    ]
    act(way, "action/bench-S2-1", "finish", {"what": "the list hangs there"}, by="perform")
    act(way, "action/bench-S2-1", "close", by="supervise")
    assert len(way.get(Area, F).told(way.door)) == 2


@pytest.mark.requirement("F154.2", refuses=True)
@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"scores": SCORES[:4]}, "each of sort, set in order, shine, standardise, sustain once"),
        ({"scores": [*SCORES[:4], SCORES[0]]}, "each of sort"),
        (
            {"scores": [*SCORES[:4], {**SCORES[4], "evidence": "it looks good"}]},
            "sustain: 'it looks good' is no evidence",
        ),
        ({**POOR, "findings": [{**FINDING, "owner": "nobody"}]}, "names nobody, who is no active person"),
        ({**POOR, "findings": [{**FINDING, "due": "2026-01-01T00:00"}]}, "which is over"),
    ],
)
def test_each_criterion_is_scored_once_with_what_shows_it(way: Doorway, wrong: Body, match: str) -> None:
    """Each is refused; without it the audit is taken."""
    act(way, F, "plan", TIDY, by="supervise")
    check_refused(way, F, "audit", wrong, by=SECOND, match=match)
    act(way, F, "audit", AUDIT, by=SECOND)
