"""The report of a transfer and that of a process qualification, over batches whose results are given."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from automation.engine.recipe.load import load
from automation.gmp.quality.ppq import Qualification
from automation.gmp.quality.transfers import Execution, Transfer
from automation.gmp.quality.transfers import Side as Made
from automation.kernel.errors import InputError
from automation.ledger.read import Reader
from automation.opener import House
from automation.surfaces.documents.html import html
from automation.surfaces.documents.transfer import of_ppq, of_report
from automation.views.comparison import Classes, Comparison, Kind, Role, Side, compare
from automation.views.transfer.cited import check_cited
from automation.views.transfer.ppq_report import check_acceptance, ppq_report
from automation.views.transfer.report import critical, report
from automation.views.transfer.told import feedback_on
from tests.support.doors import Doorway, doorway
from tests.unit.gmp.moves_of_quality import act
from tests.unit.gmp.moves_of_transfers import EVALUATION, FEEDBACK, PACKAGE, PPQ, TRANSFER, completed

SENT, MADE = (90.1, 91.2, 89.7), (90.9, 91.5, 90.2)
DATE = "2026-11-22T12:00:00+00:00"


def side(label: str, role: Role, value: float, *, ended: str = "complete") -> Side:
    """Give one batch by one result."""
    return Side(label, role, "freeze-day 1", "site", True, ended, {(Kind.RESULT, "count.viability"): (value, "%")}, {})


def compared(made: tuple[float, ...] = MADE) -> Comparison:
    """Compare three batches of each unit."""
    sending = [side(f"S{number}", Role.SENDING, value) for number, value in enumerate(SENT)]
    receiving = [side(f"B{number}", Role.RECEIVING, value) for number, value in enumerate(made)]
    return compare([*sending, *receiving], Classes(cqa=("count.viability",)))


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """A site with a transfer of which three batches of each unit are counted."""
    with doorway(tmp_path) as way:
        plan = {**TRANSFER, "margins": ["count.viability=2 %"], "runs": 3, "references": 3}
        act(way, "transfer/T", "plan", plan, by="review")
        act(way, "transfer/T", "approve", {"package": PACKAGE}, by="approve")
        act(way, "transfer/T", "start", by="supervise")
        for number in range(3):
            completed(way, f"B{number}")
            act(way, "transfer/T", "count", {"batch": f"B{number}", "side": "receiving"}, by="review")
            sent: dict[str, object] = {"batch": f"S{number}", "side": "sending", "ledger": "0" * 32, "head": "f" * 64}
            act(way, "transfer/T", "count", sent, by="review")
        yield way


def transfer(way: Doorway) -> Transfer:
    """Give the transfer as it stands."""
    found = way.door.find("transfer", "T")
    assert isinstance(found, Transfer)
    return found


@pytest.mark.requirement("F090", "C09.2", "F093")
def test_a_transfer_is_found_equivalent_by_its_report_and_closed_by_two(way: Doorway) -> None:
    """All margins are met over all batches; the evaluation cites the report, and somebody else closes it."""
    made = report(transfer(way), compared(), way.door)
    assert (made.equivalent, made.missing) == (True, ())
    assert made.attributes[0].sending_mean == pytest.approx(sum(SENT) / 3)
    said = {**EVALUATION, "report": made.sha256, "equivalent": True}
    act(way, "transfer/T", "evaluate", said, by="review")
    assert transfer(way).told(way.door) == (f"review says that it is equivalent by report {made.sha256}: read it",)
    act(way, "transfer/T", "close", {"report": made.sha256}, by="approve")
    assert way.state("transfer/T") == "closed"
    page = html(of_report(made, (), date=DATE))
    assert b"all margins are met" in page
    assert made.sha256.encode() in page


@pytest.mark.requirement("F090", "C09.2", refuses=True)
def test_a_margin_that_is_not_met_is_said_and_the_same_report_has_the_same_hash(way: Doorway) -> None:
    """Means four points apart: not shown; nothing else than the batches decides."""
    low = report(transfer(way), compared((86.0, 86.9, 85.9)), way.door)
    assert not low.equivalent
    assert "not shown to be equivalent" in low.equivalence[0]
    assert low.sha256 == report(transfer(way), compared((86.0, 86.9, 85.9)), way.door).sha256
    assert json.loads(low.text)["is"] == "transfer report"


@pytest.mark.requirement("C09.2", refuses=True)
def test_a_report_is_over_the_batches_that_count_and_no_others(way: Doorway) -> None:
    """One that was counted is missing, one was not counted: both are named."""
    found = compared()
    with pytest.raises(InputError, match=r"B2 \(receiving\) is counted and not named"):
        report(transfer(way), compare(found.sides[:5], Classes()), way.door)
    other = [*found.sides[:5], replace(found.sides[5], label="B9")]
    with pytest.raises(InputError, match=r"B[29]"):
        report(transfer(way), compare(other, Classes()), way.door)


def test_a_report_is_the_same_in_whatever_order_its_batches_are_named(way: Doorway) -> None:
    """Its SHA-256 is signed; each value stands with its unit, and what else the sending unit has made is told."""
    found = compared()
    turned = compare(found.sides[::-1], Classes(cqa=("count.viability",)))
    made = report(transfer(way), found, way.door, others=[("S9", "aborted")])
    assert made.sha256 == report(transfer(way), turned, way.door, others=[("S9", "aborted")]).sha256
    assert (made.attributes[0].sending, made.attributes[0].receiving) == (SENT, MADE)
    assert b"not counted: S9 (aborted)" in html(of_report(made, (), date=DATE))


def test_a_critical_parameter_is_shown_when_batches_that_came_to_it_differ() -> None:
    """One ramp of a program that an amendment changed; a batch that was aborted before it differs in nothing."""
    ramps = ((1.0, 5.0), (1.0, 6.0), (None, None))
    rates = [{f"freeze.program.{at}.rate": rate for at, rate in enumerate(pair, 1) if rate} for pair in ramps]
    sides = [
        replace(
            side(f"B{number}", Role.RECEIVING, 90.0),
            facts={(Kind.PARAMETER, at): (v, "K/min") for at, v in one.items()},
        )
        for number, one in enumerate(rates)
    ]
    assert critical(compare(sides, Classes()), ["freeze.program"]) == Classes(cpp=("freeze.program.2.rate",))


@pytest.mark.requirement("C09.2", refuses=True)
def test_a_batch_without_a_value_is_no_batch_less(way: Doorway) -> None:
    """What is tested has to be there for every batch that counts; an amendment and open feedback are told."""
    sides = compared().sides
    bare = replace(sides[5], facts={}, amended=("freeze.every 10 s becomes 20 s (as told)",))
    act(way, "feedback/F-4", "give", {**FEEDBACK, "evidence": ["batch/B0"]}, by="perform")
    made = report(transfer(way), compare([*sides[:5], bare], Classes(cqa=("count.viability",))), way.door)
    assert (made.equivalent, "batch B2 of the receiving unit has no count.viability" in made.missing) == (False, True)
    assert made.batches[5].amended == bare.amended
    assert [one[0] for one in made.feedback] == ["F-4"]


@pytest.mark.requirement("F090", "C09.2", refuses=True)
def test_a_batch_of_another_ledger_is_cited_by_a_head_over_the_whole_of_it(tmp_path: Path) -> None:
    """A hash that nobody signed, a head of before its end, the own ledger and a third one: refused by name."""
    with doorway(tmp_path) as way:
        way.ledger.seal()
        early = way.ledger.last.hash.hex()
        completed(way, "S1")
        way.ledger.seal()
        with Reader(tmp_path) as reader:
            own, head = reader.genesis.ledger, way.ledger.last.hash.hex()
            cited = Execution(batch="S1", side=Made.SENDING, ledger=own, head=head)
            check_cited(reader, cited, here="f" * 32)
            for wrong in ({"head": "0" * 64}, {"head": early}, {"ledger": "9"}):
                with pytest.raises(InputError, match=r"no signed head|cited of ledger 9"):
                    check_cited(reader, cited.model_copy(update=wrong), here="f" * 32)
            with pytest.raises(InputError, match="was made here"):
                check_cited(reader, cited, here=own)


def qualified(way: Doorway, **said: object) -> Qualification:
    """Plan a qualification."""
    act(way, "ppq/P", "plan", {**PPQ, **said}, by="review")
    found = way.door.find("ppq", "P")
    assert isinstance(found, Qualification)
    return found


@pytest.mark.requirement("F094")
def test_a_claim_is_met_when_every_batch_meets_every_limit(way: Doorway) -> None:
    """Half of all batches with 50 % takes one; the page says which limit each batch met."""
    made = ppq_report(qualified(way), [side("B0", Role.NONE, 90.1)], way.door)
    assert (made.met, made.needed, made.batches[0].conforms) == (True, 1, True)
    assert b"count.viability: 90 % meets" in html(of_ppq(made, (), date=DATE))


@pytest.mark.requirement("F094", refuses=True)
@pytest.mark.parametrize(
    ("value", "ended", "why"),
    [(69.4, "complete", "is beyond the reject limit"), (90.0, "aborted", "it is aborted, not complete")],
)
def test_a_batch_that_does_not_conform_takes_the_claim_along(way: Doorway, value: float, ended: str, why: str) -> None:
    """Below its limit, or not at its end; a result that is not there is none either."""
    made = ppq_report(qualified(way), [side("B0", Role.NONE, value, ended=ended)], way.door)
    assert (made.met, why in made.batches[0].sentences[0]) == (False, True)
    none = ppq_report(qualified_again(way), [side("B0", Role.NONE, 90.0)], way.door)
    assert "there is no result" in none.batches[0].sentences[0]


@pytest.mark.requirement("F094", refuses=True)
def test_a_batch_that_was_counted_otherwise_than_it_is_judged_is_named(way: Doorway) -> None:
    """Counted as good at 60 %: the claim is not met. It is counted anew, and the last word holds."""
    qualified(way)
    act(way, "ppq/P", "approve", by="approve")
    completed(way, "B7")
    act(way, "ppq/P", "count", {"batch": "B7", "conforms": True}, by="review")
    found = way.door.find("ppq", "P")
    assert isinstance(found, Qualification)
    made = ppq_report(found, [side("B7", Role.NONE, 60.0)], way.door)
    assert (made.met, made.missing) == (False, ("batch B7 was counted as good, and does not meet the acceptance",))
    act(way, "ppq/P", "count", {"batch": "B7", "conforms": False, "why": "60 %"}, by="review")
    again = way.door.find("ppq", "P")
    assert isinstance(again, Qualification)
    assert (again.bad, ppq_report(again, [side("B7", Role.NONE, 60.0)], way.door).missing) == (("B7",), ())


@pytest.mark.requirement("F094", refuses=True)
@pytest.mark.parametrize(
    ("where", "limit", "why"),
    [
        ("count.viability", "at least 70 K", "is in '%'; 'K' or a unit"),
        ("count.viabilty", "at least 70 %", "is no result of freeze-day; did you mean 'viability'"),
        ("cont.viability", "at least 70 %", "is no result of freeze-day"),
    ],
)
def test_what_no_batch_could_meet_is_said_before_the_approval(tmp_path: Path, where: str, limit: str, why: str) -> None:
    """Another dimension, a result or a step that the recipe has not; a report over such a plan is not met."""
    recipe = load("freeze-day", House().operations())
    said = {**PPQ, "acceptance": [{"where": where, "limit": limit}]}
    with doorway(tmp_path) as way:
        found = qualified(way, **said)
        assert found.plan is not None
        with pytest.raises(InputError, match=why):
            check_acceptance(found.plan, recipe, House().operations())
        assert not ppq_report(found, [side("B0", Role.NONE, 90.1)], way.door).met


def qualified_again(way: Doorway) -> Qualification:
    """Plan it anew for a result that no batch has."""
    said = {**PPQ, "acceptance": [{"where": "freeze.rate", "limit": "at most 2 K/min"}]}
    act(way, "ppq/P", "replan", said, by="review")
    found = way.door.find("ppq", "P")
    assert isinstance(found, Qualification)
    return found


@pytest.mark.requirement("F094")
def test_a_tolerance_interval_lies_within_the_limits_or_the_claim_is_not_met(way: Doorway) -> None:
    """Ten batches around 90 %: with a scatter of 1 the interval ends at 86.6; with one of 8 far below 70."""
    claim = {"claim": "tolerance interval", "confidence": 95, "share": 95, "sd": 1, "margin": 4, "number": 10}
    found = qualified(way, **claim)
    steps = (-1.2, -1.0, -0.8, -0.4, 0.0, 0.2, 0.6, 0.8, 1.0, 0.8)
    for scatter, met in ((1.0, True), (8.0, False)):
        sides = [side(f"B{number}", Role.NONE, 90.0 + scatter * step) for number, step in enumerate(steps)]
        made = ppq_report(found, sides, way.door)
        assert (made.met, ("lies within" in made.intervals[0])) == (met, met)


@pytest.mark.requirement("F094")
def test_feedback_stands_in_the_order_of_the_steps_and_what_the_recipe_has_not_is_said(way: Doorway) -> None:
    """Of the freezing, of the receipt, and of a step that there is no more; a refused one says why."""
    for name, step, parameter in (("F-1", "freeze", "every"), ("F-2", "receive", ""), ("F-3", "spin", "")):
        said = {**FEEDBACK, "step": step, "parameter": parameter, "evidence": ["batch/B0"]}
        act(way, f"feedback/{name}", "give", said, by="perform")
    act(way, "feedback/F-1", "refuse", {"reason": "the interval is validated"}, by="review")
    found = feedback_on(load("freeze-day", House().operations()), way.door)
    assert [(one.feedback, one.known) for one in found] == [("F-2", True), ("F-1", True), ("F-3", False)]
    assert (found[1].state, found[1].became) == ("refused", "the interval is validated")
