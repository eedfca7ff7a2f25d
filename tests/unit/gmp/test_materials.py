"""Materials from the supplier to the patient at the door; ways to cheat on them stand in ``tests/cheats``."""

from decimal import Decimal

import pytest

from automation.engine.recipe.model import Amount
from automation.engine.recipe.model import Material as Line
from automation.gmp.due import dues_of
from automation.gmp.materials.lots import MaterialLot
from automation.gmp.materials.suppliers import Supplier
from automation.gmp.obstacles import obstacles
from automation.gmp.quality.holds import holds_of
from automation.gmp.stock.picking import Portion, portions, turn
from automation.kernel.errors import GateError
from automation.views.reach import origins, reached
from automation.views.stock import picks, stock
from tests.cheats.cheat import Act
from tests.cheats.materials import (
    AGAIN,
    BACK,
    BOTTLE,
    CERTIFY,
    COMPONENT,
    FIRST,
    FREE,
    INSPECT,
    ISSUE,
    JOIN,
    KEEP,
    KEEPER,
    MOUNT,
    OPEN,
    POUR,
    PREPARE,
    RECEIVE,
    RELEASE,
    RELEASE_MADE,
    SCAN,
    SECOND_PATIENT,
    TEST,
    TIGHT,
    L,
    defined,
    kits,
    listed,
    lot,
)
from tests.support.doors import SECOND, Doorway
from tests.unit.gmp import moves_of_materials as said
from tests.unit.gmp.moves_of_materials import RECEIPT, begun
from tests.unit.gmp.moves_of_quality import Body, act, check_refused, following


@pytest.mark.requirement("F095")
def test_what_was_issued_is_used_given_back_or_destroyed_or_named_as_missing(way: Doorway) -> None:
    """Of 5 mL issued 2 are used out of a container, 1 is given back, 1 destroyed; 1 is not accounted for."""
    for one in (lot(), FIRST, ISSUE.stating(quantity=5.0), OPEN, POUR):
        one(way)
    assert "1 mL for batch B1" in way.get(MaterialLot, L).told(way.door)[0]
    for one in (POUR, BACK):
        one(way)
    Act(L, "destroy", {"batch": "B1", "quantity": 1.0, "reason": "spilled"})(way)
    made = way.get(MaterialLot, L)
    assert (made.left, made.stock.balance("B1").open) == (6.0, 1.0)
    assert made.told(way.door)[-1] == "1 mL at batch B1 are not accounted for"
    owners = {one.sentence: one.owner for one in obstacles(way.door, "B1", specification="S@1")}
    assert owners["1 mL of lot L1 (DMSO) at batch B1 are not accounted for"] == "perform"


@pytest.mark.requirement("F095", "F096")
def test_a_prepared_solution_uses_up_its_components_and_goes_back_with_them(way: Doorway) -> None:
    """The component is used once, also when what follows is done again; withdrawn, it takes the solution with it."""
    for one in (COMPONENT, PREPARE, RELEASE_MADE):
        one(way)
    following(way)
    following(way)
    made = way.get(MaterialLot, "lot/COMP-1")
    assert (made.left, made.made_into) == (9.9, ("P1",))
    way.do("lot/COMP-1", "withdraw", {"reason": "recall by its maker"}, by=KEEPER)
    following(way)
    assert way.state("lot/P1") == "quarantine"


@pytest.mark.requirement("F096", "F147")
def test_every_batch_that_got_some_of_a_withdrawn_lot_is_investigated_and_every_patient_is_named(way: Doorway) -> None:
    """One batch got the lot itself, the other what was prepared of it; a third lot and its batch are left alone."""
    for one in (FIRST, SECOND_PATIENT, AGAIN, COMPONENT, lot(), PREPARE, RELEASE_MADE):
        one(way)
    for stream, name in (("lot/COMP-1", "B1"), ("lot/P1", "B2"), (L, "B3")):
        Act(stream, "use", {"quantity": 1.0, "batch": name})(way)
    found = [(one.by_way_of, one.batch, one.identity) for one in reached(way.door, way.get(MaterialLot, "lot/COMP-1"))]
    assert found == [(("COMP-1",), "B1", "COI-1"), (("COMP-1", "P1"), "B2", "COI-2")]
    assert [(one.lot, one.by_way_of) for one in origins(way.door, "B2")] == [("P1", ()), ("COMP-1", ("P1",))]
    way.do("lot/COMP-1", "withdraw", {"reason": "recall by its maker"}, by=KEEPER)
    following(way)
    asked = {name: [one.id for one in way.door.marked("deviation", f"batch {name}")] for name in ("B1", "B2", "B3")}
    assert asked == {"B1": ["COMP-1-B1-D04"], "B2": ["COMP-1-B2-D04"], "B3": []}
    held = {name: list(holds_of(way.door, name)) for name in asked}
    assert held["B2"] == ["lot B2 is on QA hold (COMP-1-B2-H04): made with lot COMP-1, withdrawn"]
    assert (len(held["B1"]), held["B3"]) == (1, [])


@pytest.mark.requirement("F096", "F147")
def test_a_lot_that_is_rejected_after_it_was_used_reaches_as_far_as_one_that_is_withdrawn(way: Doorway) -> None:
    """Put back into quarantine on a doubt, rejected a week later: its batch is held, what was made of it is kept."""
    for one in (FIRST, COMPONENT, PREPARE, RELEASE_MADE):
        one(way)
    Act("lot/P1", "use", {"quantity": 1.0, "batch": "B1"})(way)
    way.do("lot/COMP-1", "quarantine", {"reason": "a haze"}, by=KEEPER)
    following(way)
    assert (way.state("lot/P1"), list(holds_of(way.door, "B1"))) == ("released", [])
    act(way, "lot/COMP-1", "reject", {"reason": "not sterile"}, by=SECOND)
    following(way)
    [held] = holds_of(way.door, "B1")
    assert (way.state("lot/P1"), held.endswith("made with lot COMP-1, rejected")) == ("quarantine", True)


@pytest.mark.requirement("F100", "F156")
def test_a_disqualified_supplier_takes_its_lots_along_and_the_scorecard_says_what_became_of_them(way: Doorway) -> None:
    """Two lots, one of them damaged at receipt; the released one goes into quarantine."""
    for one in (listed, lot(), Act("lot/L2", "receive", said.RECEIPT)):
        one(way)
    Act("lot/L2", "inspect", {**said.SEEN, "intact": False})(way)
    Act("supplier/ACME", "disqualify", {"reason": "no audit was possible"}, "approve")(way)
    following(way)
    assert way.state(L) == "quarantine"
    told = way.get(Supplier, "supplier/ACME").told(way.door)
    assert told == ("2 lots received: 2 quarantine; 50 % without complaint", "lot L2: damaged")


@pytest.mark.requirement("F097")
def test_what_is_kept_in_two_units_is_counted_in_each(way: Doorway) -> None:
    """A litre and 500 mL are not 501 of anything."""
    for name, quantity, unit in (("L1", 1.0, "L"), ("L2", 500.0, "mL"), ("L3", 2.0, "L")):
        way.do(f"lot/{name}", "receive", {**said.RECEIPT, "quantity": quantity, "unit": unit}, by="perform")
    assert [(one.unit, one.in_quarantine) for one in stock(way.door)] == [("L", 3.0), ("mL", 500.0)]


@pytest.mark.requirement("F100", "F157")
def test_a_supplier_is_due_for_its_requalification_and_a_lot_for_its_release(way: Doorway) -> None:
    """Each says what has to be done next and until when."""
    for one in (listed, RECEIVE):
        one(way)
    things = way.get(Supplier, "supplier/ACME"), way.get(MaterialLot, L)
    whats = ["qualify supplier ACME again", "release or reject lot L1 of DMSO"]
    assert [due.what for thing in things for due in dues_of(thing)] == whats


@pytest.mark.requirement("F097")
def test_first_goes_what_is_kept_for_the_batch_then_what_expires_first(way: Doorway) -> None:
    """A month lasts until its end: 2027-03 is after 2027-03-15."""
    for name, expiry in (("L1", "2027-03"), ("L2", "2027-03-15"), ("L3", "2027-06")):
        lot(name, expiry=expiry)(way)
    Act("lot/L3", "reserve", {"batch": "B1", "quantity": 1.0})(way)
    lots = [way.get(MaterialLot, f"lot/L{number}") for number in (1, 2, 3)]
    for batch_, order in (("B1", ["L3", "L2", "L1"]), ("B2", ["L2", "L1", "L3"])):
        assert [one.id for one in sorted(lots, key=lambda one: turn(one, batch=batch_, zone=way.door.zone))] == order


@pytest.mark.requirement("F096", "F097")
@pytest.mark.requirement("F006", refuses=True)
@pytest.mark.parametrize(("shared", "first"), [(False, Portion("2", 2.0, 2.0)), (True, Portion("1", 1.0))])
def test_an_opened_container_is_offered_to_its_patient_only_unless_it_is_shared(
    shared: bool,  # noqa: FBT001  a case of the table
    first: Portion,
    way: Doorway,
) -> None:
    """Another batch of the same patient gets the rest first; another patient gets a container of its own."""
    for one in (lot(), defined({**BOTTLE, "shared": shared}), FIRST, SECOND_PATIENT, AGAIN, OPEN, POUR):
        one(way)
    made = way.get(MaterialLot, L)
    same = tuple(portions(made, 2.5, batch="B3", site=way.door))
    assert same == (Portion("1", 1.0), Portion("2", 1.5, 2.0))
    assert next(portions(made, 2.0, batch="B2", site=way.door)) == first


PUMP: Body = {"what": "pump tube", "maker_lot": "PT-9", "lot": "PUMP-1"}
SETS: Body = {"what": "tubing set", "quantity": 50.0, "unit": "pcs", "parts": [PUMP]}


@pytest.mark.requirement("F028")
@pytest.mark.requirement("F028", refuses=True)
def test_a_part_that_is_recalled_takes_its_kits_back_and_reaches_their_batches(way: Doorway) -> None:
    """The kit is traced through to the batch; a set of it that was scanned is not put to use."""
    said.released(way, "PUMP-1", what="pump tube", maker_lot="PT-9")
    begun(way, "MAT-1")
    said.released(way, "KITS", **SETS)
    way.do("lot/KITS", "issue", {"batch": "MAT-1", "quantity": 5.0})
    for one in (SCAN, JOIN, TIGHT):
        one(way)
    assert [(one.batch, one.by_way_of) for one in reached(way.door, way.get(MaterialLot, "lot/PUMP-1"))] == [
        ("MAT-1", ("PUMP-1", "KITS"))
    ]
    assert [one.lot for one in origins(way.door, "MAT-1")] == ["KITS", "PUMP-1"]
    act(way, "lot/PUMP-1", "withdraw", {"reason": "recalled by its maker"}, by="release-material")
    following(way)
    assert way.state("lot/KITS") == "quarantine"
    assert [one.id for one in way.door.marked("deviation", "batch MAT-1")] == ["PUMP-1-MAT-1-D03"]
    with pytest.raises(GateError, match=r"its pump tube \(PT-9\): lot PUMP-1 is withdrawn, not released"):
        MOUNT(way)


@pytest.mark.requirement("F028", refuses=True)
@pytest.mark.parametrize(
    ("part", "match"),
    [
        ({"expiry": "2026-12"}, "it can be used until 2026-12, not 2027-03: its pump tube"),
        ({"lot": "PUMP-1"}, "it can be used until 2026-12-31, not 2027-03: its pump tube"),
        ({"lot": "PUMP-2"}, "is said to be lot PUMP-2, which is not known here"),
        ({"lot": "PUMP-1", "maker_lot": "PT-8"}, "is said to be lot PUMP-1, which is pump tube, lot PT-9 of its maker"),
        ({"maker_lot": "PT-7"}, "is lot PUMP-7 here, which is rejected"),
    ],
)
def test_a_kit_is_no_better_than_the_worst_of_its_parts(way: Doorway, part: Body, match: str) -> None:
    """Each is refused at its receipt; with parts that last as long as it does it is taken in."""
    said.released(way, "PUMP-1", what="pump tube", maker_lot="PT-9", expiry="2026-12-31")
    way.do("lot/PUMP-7", "receive", {**RECEIPT, "what": "pump tube", "maker_lot": "PT-7"}, by="perform")
    act(way, "lot/PUMP-7", "reject", {"reason": "torn"}, by="release-material")
    kit: Body = {**RECEIPT, **SETS}
    bad: Body = {**kit, "parts": [{"what": "pump tube", "maker_lot": "PT-9", **part}]}
    check_refused(way, "lot/KITS", "receive", bad, by="perform", match=match)
    act(way, "lot/KITS", "receive", {**kit, "expiry": "2026-12", "parts": [PUMP]}, by="perform")


@pytest.mark.requirement("F028")
def test_a_leak_in_use_opens_a_deviation_and_the_set_is_found_by_its_lot(way: Doorway) -> None:
    """The pressure fell while it was in use; the deviation names the batch."""
    for one in (kits(), SCAN, JOIN, TIGHT, MOUNT, TIGHT.stating(end_kpa=18.0)):
        one(way)
    following(way)
    found = [one.id for one in way.door.marked("deviation", "batch MAT-1")]
    assert found == ["K1-D05"]
    assert [one.id for one in way.door.marked("kit", "made of KITS")] == ["K1"]


@pytest.mark.requirement("F095", "F097")
def test_stock_says_what_to_order_and_a_pick_says_which_lot_and_why_none(way: Doorway) -> None:
    """Below its level until it is ordered; a line that no lot covers names what there is."""
    for one in (lot(), lot("L2", expiry="2027-02"), defined({**FREE, "reorder_at": 30.0}), KEEP):
        one(way)
    bill = [Line("DMSO", "", Amount(Decimal(amount), "mL"), "wash", "") for amount in ("6", "4", "3")]
    found = list(picks(way.door, bill, batch="B1"))
    assert [(one.lot, one.problem) for one in found[:2]] == [("L2", ""), ("L2", "")]
    assert found[2].problem == "lot L2 has 0 mL for B1; lot L1 has 2 mL for B1"
    assert next(picks(way.door, [Line("bag", "", bill[0].quantity, "wash", "")], batch="")).problem == "no lot of it"
    [held] = stock(way.door)
    assert (held.usable, held.kept, held.next_expiry, held.action) == (20.0, 8.0, "2027-02", "order it")
    way.do("material/DMSO", "order", said.BODIES["material"]["order"], by="supervise")
    assert stock(way.door)[0].action == "is ordered"


def test_all_of_it_is_the_same_when_it_is_folded_anew(way: Doorway) -> None:
    """Quantities too: a fold adds them in the same order."""
    for one in (listed, defined(), FIRST, RECEIVE, INSPECT, CERTIFY, TEST, RELEASE):
        one(way)
    for amount in (0.1, 0.2, 0.3):
        Act(L, "use", {"quantity": amount, "batch": "B1"})(way)
    again = way.rebuilt()
    words = ("supplier", "material", "lot")
    assert [list(again.every(word)) for word in words] == [list(way.door.every(word)) for word in words]
