"""Bills at the door and at the scanner: what the recipe planned, what was used, and why it differs."""

import asyncio

import pytest

from automation.engine.answers import Answers, Given
from automation.gmp.materials.bills import lines_of
from automation.gmp.obstacles import obstacles
from automation.kernel.errors import RefusedError
from tests.support.doors import Doorway
from tests.unit.gmp import moves_of_materials as said
from tests.unit.gmp.moves_of_quality import act, check_refused

BILL = "bill/B1"
GS1 = "(01)09506000134352(10)M-77(17)270331"


def _standing(way: Doorway) -> list[str]:
    return [one.sentence for one in obstacles(way.door, "B1", specification="S") if "bill of B1" in one.sentence]


@pytest.mark.requirement("F096")
@pytest.mark.requirement("F095", "F096", refuses=True)
def test_what_was_used_beyond_the_bill_stands_in_the_way_until_somebody_says_why(way: Doorway) -> None:
    """1.5 mL were planned, 2 used; whoever explains it does not reconcile it."""
    said.billed(way, "B1", used=2.0)
    [line] = lines_of(way.door, "B1")
    assert (line.planned, line.issued, line.used, line.difference) == (1.5, 2.0, 2.0, 0.5)
    assert _standing(way) == [
        "bill of B1: DMSO (mL): 1.5 planned, 2 issued, 2 used, 0 returned, 0 destroyed; +0.5 mL: nobody has said why"
    ]
    done: dict[str, object] = {"conclusion": "all is accounted for"}
    check_refused(way, BILL, "reconcile", done, by="review", match=r"\+0\.5 mL: nobody has said why")
    act(way, BILL, "explain", said.EXPLAINED, by="second")
    check_refused(way, BILL, "reconcile", done, by="second", match="was explained by second")
    act(way, BILL, "reconcile", done, by="review")
    assert _standing(way) == []


@pytest.mark.requirement("F095", "F096", refuses=True)
def test_what_the_bill_has_not_is_not_used_for_the_batch(way: Doorway) -> None:
    """Nor reserved, issued or opened; with a reason it is, and the bill shows it."""
    said.billed(way, "B1")
    said.released(way, "SAL", what="saline")
    for command, more in (("use", {}), ("issue", {}), ("reserve", {}), ("open", {"container": "1"})):
        body = {"quantity": 1.0, "batch": "B1", **more}
        check_refused(way, "lot/SAL", command, body, by="perform", match="saline is not in the bill of batch B1")
    act(way, BILL, "explain", {"material": "saline", "reason": "a line was rinsed once more"}, by="supervise")
    act(way, "lot/SAL", "use", {"quantity": 1.0, "batch": "B1"}, by="perform")
    assert [line.sentence for line in lines_of(way.door, "B1")][1].endswith("+1 mL: a line was rinsed once more")


def _prompt(way: Doorway) -> None:
    way.do("batch/B1", "issue", {**said.BATCH, **said.BILL}, by="issue")
    said.released(way, "L1")
    way.do("prompt/P1", "open", {"kind": "scan", "text": "Scan DMSO", "expects": "lot label", "accept": ["L1"],
                                 "batch": "B1", "step": "wash"})  # fmt: skip


def _scanned(way: Doorway, code: str) -> str:
    given = Given("P1", "perform", {"code": code})
    try:
        asyncio.run(Answers(way.door).give(given))
    except RefusedError as refusal:
        return str(refusal)
    return ""


@pytest.mark.requirement("F028", "F096", refuses=True)
def test_a_lot_that_may_not_be_used_is_refused_at_the_scan_with_what_speaks_against_it(way: Doorway) -> None:
    """Not in the bill, in quarantine, expired, for others; each is counted, and then the right one is taken."""
    _prompt(way)
    said.released(way, "SAL", what="saline")
    way.do("lot/Q1", "receive", {**said.RECEIPT, "maker_lot": "M-78"})
    said.released(way, "R1")
    act(way, "lot/R1", "reserve", {"batch": "B2", "quantity": 10.0}, by="perform")
    said.released(way, "OLD", expiry="2026-11-23")
    way.clock.go(2 * 86_400.0)
    for code, why in (
        ("LOT:SAL", "lot SAL is of saline; saline is not in the bill of batch B1; L1 is wanted"),
        ("LOT:Q1", "lot Q1 is quarantine, not released"),
        ("LOT:OLD", "lot OLD expired: it was usable until the end of 2026-11-23"),
        ("LOT:R1", "lot R1 is kept for other batches"),
        ("LOT:NO", "no lot of this package is known here; L1 is wanted"),
        ("ASSET:L1", "lot label"),  # the right value, and another kind of thing
    ):
        assert why in _scanned(way, code)
    assert way.state("prompt/P1") == "open"
    assert _scanned(way, "LOT:L1") == ""


@pytest.mark.requirement("F096")
def test_the_code_on_the_makers_package_is_as_good_as_our_own_label(way: Doorway) -> None:
    """GS1 with the maker's lot; the answer is the lot here."""
    _prompt(way)
    assert _scanned(way, GS1) == ""
    assert way.state("prompt/P1") == "answered"


@pytest.mark.requirement("F028", "F096", refuses=True)
def test_a_bottle_opened_for_another_patient_is_refused_at_the_scan(way: Doorway) -> None:
    """What is left of the lot is in it."""
    _prompt(way)
    said.released(way, "L2", quantity=2.0)
    act(way, "batch/B2", "issue", {**said.BATCH, "identity": "COI-2"}, by="issue")
    act(way, "lot/L2", "open", {"container": "1", "quantity": 2.0, "batch": "B2"}, by="perform")
    assert "what is left of it was opened for another patient" in _scanned(way, "LOT:L2")
