"""Shipments as packages: dangerous goods, who may pack them, and how long a charged shipper keeps cold."""

import pytest

from automation.gmp.product.shipments import Shipment
from automation.kernel.errors import RefusedError
from tests.support.doors import SECOND, SYSTEM, Doorway, proof
from tests.support.thread import Body, Thread

PLAN = ("shipment", "plan")
ICE: Body = {"content": "category b", "coolant": "dry ice", "ice_kg": 5.0}


def planned(way: Doorway, **changed: object) -> Thread:
    """Tell the story up to the packing, of a shipment that states this."""
    thread = Thread(way, "X1", otherwise={PLAN: changed})
    thread.until("shipment", "pack")
    return thread


@pytest.mark.requirement("F130", "F131", "F170")
def test_a_shipment_says_by_itself_which_dangerous_goods_it_is(way: Doorway) -> None:
    """Entry, packing instruction, marks, version of the rules; without content and coolant it is not planned."""
    thread = Thread(way, "X1")
    thread.until("shipment", "plan")
    with pytest.raises(RefusedError, match="state its content and its coolant"):
        thread.do("shipment", "plan", by="order", content=None)
    with pytest.raises(RefusedError, match="net mass of dry ice is not stated"):
        thread.do("shipment", "plan", by="order", **{**ICE, "ice_kg": 0.0})
    thread.do("shipment", "plan", by="order", **ICE)
    told = " ".join(way.get(Shipment, "shipment/X1").told(way.door))
    assert all(word in told for word in ("UN3373", "UN1845", "PI 650", "net mass of dry ice", "dangerous-goods@1"))


@pytest.mark.requirement("F130", "F170")
@pytest.mark.requirement("F130", "F170", refuses=True)
def test_whoever_packs_dangerous_goods_holds_the_training_of_each(way: Doorway) -> None:
    """One of two trainings is not enough; with both the same act succeeds."""
    thread = planned(way, **ICE)
    with pytest.raises(RefusedError, match="perform, who is not trained in UN3373, UN1845"):
        thread.do("shipment", "pack", by="perform")
    way.do("person/perform", "train", {"operation": "UN3373"}, by="supervise")
    with pytest.raises(RefusedError, match="not trained in UN1845"):
        thread.do("shipment", "pack", by="perform")
    way.do("person/perform", "train", {"operation": "UN1845"}, by="supervise")
    thread.do("shipment", "pack", by="perform")


@pytest.mark.requirement("F132")
@pytest.mark.requirement("F132", refuses=True)
def test_a_shipper_of_our_own_is_qualified_and_weighed(way: Doorway) -> None:
    """Half a charge keeps cold half as long, whatever is stated; another asset is no shipper."""
    thread = planned(way)
    for name, made in (("DS-07", "dry shipper"), ("BATH-1", "water bath")):
        way.do(f"asset/{name}", "register", {"asset_class": made, "needs_calibration": False, "needs_cleaning": False})
    with pytest.raises(RefusedError, match="BATH-1 is a water bath"):
        thread.do("shipment", "pack", by="perform", shipper="BATH-1")
    weighed = {"dry_g": 12_000.0, "charged_g": 13_650.0, "full_g": 3_300.0, "full_holds_d": 10.0, "holds_d": 9.0}
    with pytest.raises(RefusedError, match="has to be qualified until it arrives"):
        thread.do("shipment", "pack", by="perform", **weighed)
    fit = {"due": "2027-01-31", "certificate": "PQ-DS-07"}
    way.do("asset/DS-07", "qualify", fit, by="approve", signs=(proof("approve", "approved"),))
    with pytest.raises(RefusedError, match="has to be weighed"):
        thread.do("shipment", "pack", by="perform")
    with pytest.raises(RefusedError, match=r"took up 1650 g, which keeps cold 5\.0 d, not 9 d"):
        thread.do("shipment", "pack", by="perform", **weighed)
    thread.do("shipment", "pack", by="perform", **{**weighed, "holds_d": 5.0})


@pytest.mark.requirement("F123", "F132", refuses=True)
def test_time_without_a_reading_is_a_finding_of_the_receiver(way: Doorway) -> None:
    """It is accepted only by a closed deviation about the shipment, as any finding."""
    thread = Thread(way, "X1")
    thread.until("shipment", "receive")
    thread.do("shipment", "receive", by="treat", unknown_s=1800.0)
    with pytest.raises(RefusedError, match="1800 s without a reading; nobody knows how cold it was"):
        thread.do("shipment", "accept", by="treat")


HELD: Body = {"batch": "X1", "reason": "six colonies on a settle plate"}


def held(way: Doorway, batch: str = "X1") -> None:
    """Place a QA hold of a lot, as a rule does."""
    way.do(f"qa-hold/H-{batch}", "place", {**HELD, "batch": batch}, by=SYSTEM)


def lifted(way: Doorway, batch: str = "X1") -> None:
    """Lift it again."""
    signs = (proof("approve", "approved"),)
    body = {"reason": "another room", "evidence": f"qa-hold/H-{batch}"}
    way.do(f"qa-hold/H-{batch}", "lift", body, by="approve", signs=signs)


@pytest.mark.requirement("F080", "F106.1", refuses=True)
@pytest.mark.parametrize(("command", "by"), [("pack", "perform"), ("dispatch", "perform"), ("accept", "treat")])
def test_a_lot_that_is_held_on_its_way_stops_where_it_is(command: str, by: str, way: Doorway) -> None:
    """Also what was packed before the plate was read; when the hold is lifted it goes on."""
    thread = Thread(way, "X1")
    thread.until("shipment", command)
    held(way)
    with pytest.raises(RefusedError, match=r"lot X1 is on QA hold \(H-X1\)"):
        thread.do("shipment", command, by=by)
    lifted(way)
    thread.do("shipment", command, by=by)


@pytest.mark.requirement("F080", "F106.1", refuses=True)
def test_nobody_hands_out_a_container_of_a_held_lot_past_its_shipment(way: Doorway) -> None:
    """By a command of its own it goes no further than by a shipment."""
    thread = Thread(way, "X1")
    thread.until("shipment", "dispatch")
    held(way)
    with pytest.raises(RefusedError, match=r"lot X1 is on QA hold \(H-X1\)"):
        way.do("container/X1-P", "dispense", {"to": "ward-4", "batch": "X1"}, by="perform")


@pytest.mark.requirement("F080", "F106.1", refuses=True)
def test_a_hold_goes_with_what_was_made_of_a_lot_into_the_next(way: Doorway) -> None:
    """Made again from cells of held X0, X1 is neither released, packed nor handed out before the hold is lifted."""
    cold: Body = {"first_cold_at": float(way.clock.now())}
    children = {("container-P", "expect"): cold, ("container-Q", "expect"): cold}
    thread = Thread(way, "X1", otherwise=children, skipped=frozenset({("container-A", "receive")}))
    thread.until("batch", "issue")
    first = thread.body("batch", "issue")
    way.do("batch/X0", "issue", first, by="issue")
    way.do("container/X1-A", "receive", {"batch": "X0"})
    way.do("container/X1-A", "store", {"position": "S1"})
    way.do("batch/X0", "abort", {"reason": "the pump failed"})
    thread.do("order", "make_again", by="order", instead_of="X0")
    thread.do("batch", "issue", by="issue")
    way.do("container/X1-A", "retrieve", {"batch": "X1"})
    thread.until("release", "release_conditionally")
    held(way, "X0")
    with pytest.raises(RefusedError, match=r"lot X0, of which X1 was made, is on QA hold \(H-X0\)"):
        thread.do("release", "release_conditionally", by="release")
    lifted(way, "X0")
    thread.do("release", "release_conditionally", by="release")
    thread.until("shipment", "pack")
    way.do("recall/R-0", "open", {"batch": "X0", "subject": "batch/X0", "why": "growth"}, by="review")
    with pytest.raises(RefusedError, match="lot X0 is being recalled"):
        thread.do("shipment", "pack", by="perform")


@pytest.mark.requirement("F080", "F106.1", refuses=True)
def test_nobody_lifts_the_hold_of_a_lot_that_the_own_hands_made(way: Doorway) -> None:
    """Somebody with every right started it; another with the right to approve lifts."""
    thread = Thread(way, "X1", instead={("batch", "start"): SECOND})
    thread.until("container-A", "receive")
    held(way)
    body = {"reason": "another room", "evidence": "batch/X1"}
    with pytest.raises(RefusedError, match="second had a hand"):
        way.do("qa-hold/H-X1", "lift", body, by=SECOND, signs=(proof(SECOND, "approved"),))
    lifted(way)
