"""Containers: whose, where, for how long out of the cold; and what a QA hold forbids."""

import pytest

from automation.gmp.product.containers import Container
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.quantity import Seconds
from tests.support.doors import SECOND, START, Doorway, proof
from tests.unit.gmp.moves import ISSUE, REASON

C = "container/C1"


def _batch(way: Doorway, name: str = "B1", identity: str = "COI-1", containers: tuple[str, ...] = ("C1",)) -> None:
    way.do(f"batch/{name}", "issue", {**ISSUE, "identity": identity, "containers": containers}, by="issue")


def _in_process(way: Doorway, name: str = "C1", **more: object) -> None:
    way.do(f"container/{name}", "expect", {"identity": "COI-1", **more})
    way.do(f"container/{name}", "receive", {"condition": "cool", "exposure_s": 120.0})


@pytest.mark.requirement("F009", "F020")
@pytest.mark.requirement("F009", "F020", "F022", refuses=True)
def test_a_container_is_received_into_its_own_batch_alone(way: Doorway) -> None:
    """Another identity is refused, and so is a batch that was not issued for it."""
    way.do(C, "expect", {"identity": "COI-1", "sealed_with": "S-9"})
    _batch(way, "B2", "COI-2", ())
    _batch(way, "B3", "COI-1", ())
    _batch(way)
    for wrong in ("B2", "B3"):
        with pytest.raises(IdentityError, match=f"does not belong to batch {wrong}"):
            way.do(C, "receive", {"batch": wrong})
    with pytest.raises(RefusedError, match="never issued"):
        way.do(C, "receive", {"batch": "B9"})
    event = way.do(C, "receive", {"batch": "B1", "seal": "S-8"})
    bag = way.get(Container, C)
    assert (bag.sealed_with, bag.seal, bag.received_seq) == ("S-9", "S-8", event.seq)


@pytest.mark.requirement("F020", "F056")
@pytest.mark.requirement("F020", "F056", refuses=True)
def test_a_donation_number_stands_for_one_patient(way: Doorway) -> None:
    """Bags of one collection share it; another patient's bag can't have it, unless the first one was a mistake."""
    bag = {"identity": "COI-1", "din": "A999926000017"}
    way.do(C, "expect", bag)
    way.do("container/C2", "expect", bag)
    with pytest.raises(IdentityError, match="donation number A999926000017 is that of C1, of another chain"):
        way.do("container/C3", "expect", {**bag, "identity": "COI-2"})
    for name in ("C1", "C2"):
        way.do(f"container/{name}", "cancel", {"reason": "entered for the wrong patient"})
    way.do("container/C3", "expect", {**bag, "identity": "COI-2"})


@pytest.mark.requirement("F023")
def test_exposure_goes_on_from_what_was_taken_over(way: Doorway) -> None:
    """Transport and bench add up."""
    _in_process(way)
    way.do(C, "expose", {"seconds": 30.0, "why": "sampling"})
    assert way.get(Container, C).exposure_s == Seconds(150.0)


@pytest.mark.requirement("F050")
def test_warming_counts_from_the_first_cold_over_the_whole_life(way: Doorway) -> None:
    """Before it was ever cold nothing can be counted; afterwards everything adds up."""
    _in_process(way)
    with pytest.raises(RefusedError, match="was never cold"):
        way.do(C, "warm", {"seconds": 10.0, "above_c": -120.0})
    way.do(C, "store", {"position": "T1/2", "transfer_s": 45.0, "warming_s": 20.0})
    way.do(C, "retrieve", {"reason": "inventory"})
    way.do(C, "warm", {"seconds": 10.0, "above_c": -120.0})
    bag = way.get(Container, C)
    assert (bag.warming_s, bag.first_cold_at, bag.position) == (Seconds(30.0), START, "")


@pytest.mark.requirement("F022", "F024", "F050")
def test_a_child_inherits_identity_and_warming(way: Doorway) -> None:
    """A fresh label does not make fresh cells."""
    _in_process(way)
    way.do(C, "chill", {"reached_c": -100.0})
    way.do(C, "warm", {"seconds": 40.0, "above_c": -120.0})
    with pytest.raises(IdentityError, match="its parent C1 is of another"):
        way.do("container/C2", "expect", {"identity": "COI-2", "parent": "C1"})
    with pytest.raises(RefusedError, match=r"has to state its warming_s 40\.0"):
        way.do("container/C2", "expect", {"identity": "COI-1", "parent": "C1"})
    told = {"identity": "COI-1", "parent": "C1", "warming_s": 40.0, "first_cold_at": float(START)}
    way.do("container/C2", "expect", told)
    assert way.get(Container, "container/C2").warming_s == Seconds(40.0)


@pytest.mark.requirement("F022", "F050", refuses=True)
def test_one_position_holds_one_container(way: Doorway) -> None:
    """Until it is taken out or moved."""
    _in_process(way)
    _in_process(way, "C2")
    way.do(C, "store", {"position": "T1/2"})
    with pytest.raises(RefusedError, match="can't be put at T1/2: C1 is there"):
        way.do("container/C2", "store", {"position": "T1/2"})
    way.do(C, "move", {"where": "T1/3", "reason": "level is low"})
    way.do("container/C2", "store", {"position": "T1/2"})
    assert way.get(Container, C).position == "T1/3"


@pytest.mark.requirement("F010")
@pytest.mark.requirement("F010", refuses=True)
def test_a_qa_hold_keeps_product_in_store_until_somebody_else_lifts_it(way: Doorway) -> None:
    """It never hinders putting product into the cold."""
    _in_process(way)
    way.do(C, "qa_hold", {"reason": "curve out of limits"}, by=SECOND)
    way.do(C, "store", {"position": "T1/2"})
    with pytest.raises(RefusedError, match=r"on QA hold \(curve out of limits\)"):
        way.do(C, "retrieve", {})
    with pytest.raises(RefusedError, match="someone else has to lift it"):
        way.do(C, "lift", REASON, by=SECOND, signs=(proof(SECOND, "approved"),))
    way.do(C, "lift", REASON, by="approve", signs=(proof("approve", "approved"),))
    way.do(C, "retrieve", {})
    assert not way.get(Container, C).on_hold


def test_a_container_is_first_cold_once_and_on_hold_once(way: Doorway) -> None:
    """A second first would restart the count; a second hold would hide the first one's reason."""
    _in_process(way)
    way.do(C, "chill", {"reached_c": -140.0})
    with pytest.raises(RefusedError, match="was cold before"):
        way.do(C, "chill", {"reached_c": -140.0})
    with pytest.raises(RefusedError, match="is not on QA hold"):
        way.do(C, "lift", REASON, by="approve", signs=(proof("approve", "approved"),))
    way.do(C, "qa_hold", REASON)
    with pytest.raises(RefusedError, match="is on QA hold already"):
        way.do(C, "qa_hold", REASON)


@pytest.mark.requirement("F022", "F024", refuses=True)
def test_nothing_comes_out_of_a_container_that_is_not_here(way: Doorway) -> None:
    """Neither of one that was never heard of nor of one that is still expected."""
    way.do(C, "expect", {"identity": "COI-1"})
    for parent, state in (("C1", "expected"), ("C9", "absent")):
        with pytest.raises(RefusedError, match=f"can't come out of {parent}, which is {state}"):
            way.do("container/C2", "expect", {"identity": "COI-1", "parent": parent})


def _clinical(way: Doorway, name: str) -> None:
    more = {"lot_type": "clinical", "recipe_status": "approved", "containers": ["C1"]}
    way.do(f"batch/{name}", "issue", {**ISSUE, "identity": "COI-1", **more}, by="issue")


@pytest.mark.requirement("F001", "F092", refuses=True)
def test_an_engineering_lot_is_never_dispensed(way: Doorway) -> None:
    """Whichever batch the command names; a clinical lot is, once."""
    _batch(way)
    _clinical(way, "B2")
    way.do(C, "expect", {"identity": "COI-1"})
    way.do(C, "receive", {"batch": "B1"})
    for named in ("", "B1", "B2"):
        with pytest.raises(RefusedError, match="engineering lot B1, which is never for infusion"):
            way.do(C, "dispense", {"to": "ward 4", "batch": named})
    way.do("container/C2", "expect", {"identity": "COI-1", "batch": "B2"})
    way.do("container/C2", "receive", {"batch": "B2"})
    way.do("container/C2", "dispense", {"to": "ward 4, order 0101", "batch": "B2"})
    assert way.get(Container, "container/C2").where == "ward 4, order 0101"


@pytest.mark.requirement("F001", "F092", refuses=True)
def test_what_was_made_in_an_engineering_lot_never_comes_into_another_lot(way: Doorway) -> None:
    """It may be taken out of the store for an engineering lot again."""
    _batch(way)
    _batch(way, "B3")
    _clinical(way, "B2")
    way.do(C, "expect", {"identity": "COI-1"})
    way.do(C, "receive", {"batch": "B1"})
    way.do(C, "store", {"position": "tank-1/1"})
    with pytest.raises(RefusedError, match="engineering lot B1, which never becomes another"):
        way.do(C, "retrieve", {"batch": "B2", "reason": "infusion"})
    way.do(C, "retrieve", {"batch": "B3", "reason": "practice"})
    assert way.get(Container, C).batch == "B3"


@pytest.mark.requirement("F010", refuses=True)
def test_what_is_on_qa_hold_is_not_dispensed(way: Doorway) -> None:
    """As it is handed over to nobody."""
    _clinical(way, "B2")
    way.do(C, "expect", {"identity": "COI-1"})
    way.do(C, "receive", {"batch": "B2"})
    way.do(C, "qa_hold", REASON)
    with pytest.raises(RefusedError, match="is on QA hold"):
        way.do(C, "dispense", {"to": "ward 4", "batch": "B2"})
