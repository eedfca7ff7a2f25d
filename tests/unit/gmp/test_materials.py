"""Materials from the supplier to the patient at the door, and ways to cheat on it, each with its control."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from automation.engine.recipe.model import Amount
from automation.engine.recipe.model import Material as Line
from automation.gmp.due import dues_of
from automation.gmp.materials.lots import MaterialLot
from automation.gmp.materials.suppliers import Supplier
from automation.gmp.obstacles import obstacles
from automation.gmp.registry import KINDS
from automation.gmp.stock.picking import Portion, portions, turn
from automation.kernel.errors import RefusedError
from automation.views.reach import origins, reached
from automation.views.stock import picks, stock
from tests.support.doors import SECOND, Doorway, proof
from tests.unit.gmp import moves_of_materials as said
from tests.unit.gmp.moves_of_quality import following

Body = dict[str, object]
Prepare = Callable[[Doorway], None]
DAY = 86_400.0
KEEPER = "release-material"


@dataclass(frozen=True, slots=True)
class Act:
    """One move by somebody; signed by whoever makes it, and by the second person where it wants two."""

    stream: str
    command: str
    body: Body = field(default_factory=dict)
    by: str = "perform"

    def __call__(self, way: Doorway) -> None:
        """Make the move, also one that no state allows."""
        kind, _, name = self.stream.partition("/")
        rows = [row for row in KINDS[kind].table.rows if row.command == self.command]
        row = next((row for row in rows if str(row.source) == way.door.find(kind, name).state), rows[0])
        signs = tuple(proof(SECOND if number else self.by, meaning) for number, meaning in enumerate(row.signs))
        way.do(self.stream, self.command, self.body, by=self.by, signs=signs or (proof(self.by),))


@dataclass(frozen=True, slots=True)
class Cheat:
    """What is there, what is tried, how it is refused, what is mended, and the same act done rightly."""

    name: str
    wrong: Act
    match: str
    right: Act
    given: tuple[Prepare, ...] = ()
    mended: tuple[Prepare, ...] = ()

    def __str__(self) -> str:
        return self.name


def lot(name: str = "L1", **changed: object) -> Prepare:
    """Give the making of a released lot; its receiver is the program."""
    return lambda way: said.released(way, name, **changed)


def defined(wanted: Body = said.DEFINED, what: str = "DMSO") -> Prepare:
    """Give the making of a definition in force."""
    return lambda way: said.defined(way, what, **wanted)


def listed(supplier: str = "ACME", **changed: object) -> Prepare:
    """Give the making of an approved supplier."""
    return lambda way: said.approved(way, supplier, **changed)


def batch(name: str, identity: str) -> Prepare:
    """Give the issue of a batch of a patient."""
    return Act(f"batch/{name}", "issue", {**said.BATCH, "identity": identity}, "issue")


def kits(issued: float = 50.0) -> Prepare:
    """Give the making of a lot of kits of which some are issued to a batch."""
    return lambda way: said.in_stock(way, "KITS", batch="MAT-1", issued=issued)


def later(seconds: float) -> Prepare:
    """Give a time that passes (s)."""
    return lambda way: way.clock.go(seconds)


L = "lot/L1"
FREE = {"criteria": [], "certificate": False}  # nothing is wanted of a lot
BOTTLE = {**FREE, "holds": 2.0, "in_use_h": 4.0}
RECEIVE = Act(L, "receive", said.RECEIPT)
INSPECT, CERTIFY = Act(L, "inspect", said.SEEN), Act(L, "certify", said.CERTIFIED)
TEST, RELEASE = Act(L, "report", said.FOUND), Act(L, "release", by=KEEPER)
WARMED = Act(L, "log_storage", said.WARM)
USE = Act(L, "use", {"quantity": 1.0, "batch": "B1"})
OPEN = Act(L, "open", {"container": "1", "quantity": 2.0, "batch": "B1"})
POUR = Act(L, "use", {"quantity": 1.0, "batch": "B1", "container": "1"})
PREPARE = Act("lot/P1", "prepare", said.PREPARATION)
EXTEND = Act(L, "extend", said.EXTENDED, KEEPER)
JUDGE = Act(L, "evaluate", said.JUDGED, KEEPER)
ISSUE = Act(L, "issue", {"batch": "B1", "quantity": 1.0})
BACK = Act(L, "give_back", {"batch": "B1", "quantity": 1.0})
KEEP = Act(L, "reserve", {"batch": "B2", "quantity": 8.0})
REJECT = Act(L, "reject", {"reason": "damaged"}, KEEPER)
FIRST, SECOND_PATIENT, AGAIN = batch("B1", "COI-1"), batch("B2", "COI-2"), batch("B3", "COI-1")
COMPONENT = lot("COMP-1")
MAKE_LATER = later(3600.0)


def change(one: Act, **body: object) -> Act:
    """Give the same act that states something else."""
    return Act(one.stream, one.command, {**one.body, **body}, one.by)


def by(one: Act, person: str) -> Act:
    """Give the same act by somebody else."""
    return Act(one.stream, one.command, one.body, person)


OUT = change(TEST, value="foreign")
OFFICIAL = listed(materials=["DMSO"])
REQUALIFY = Act("supplier/ACME", "requalify", said.REQUALIFIED, KEEPER)
SOLD_ELSEWHERE = change(RECEIVE, supplier="BETA")
FORMULA = {"makes": 10.0, "formula": [{"what": "DMSO", "quantity": 0.2}], "lowest_c": None, "highest_c": None, **FREE}
SCAN, JOIN = Act("kit/K1", "scan", said.SCANNED), Act("kit/K1", "join", said.JOINED)
TIGHT, MOUNT = Act("kit/K1", "test", said.TIGHT), Act("kit/K1", "use")
WELD = change(JOIN, sort="weld", device="WELD-1")
WELDER = Act("asset/WELD-1", "register", {"asset_class": "welder", "needs_cleaning": False}, "maintain")
CHEATS = (
    Cheat("unlisted supplier", SOLD_ELSEWHERE, "BETA is not on the list", RECEIVE, (OFFICIAL,)),
    Cheat("unlisted maker", change(RECEIVE, maker="BETA"), "BETA is not on the list", RECEIVE, (OFFICIAL,)),
    Cheat("other material", change(RECEIVE, what="IL-2"), "for DMSO, not for IL-2", RECEIVE, (OFFICIAL,)),
    Cheat("late", RECEIVE, "again by 2027-12", RECEIVE, (OFFICIAL, later(500 * DAY)), (
        Act("supplier/ACME", "requalify", {**said.REQUALIFIED, "until": "2029-12-31T00:00"}, KEEPER),)),
    Cheat("suspended", RECEIVE, "suspended, not approved", RECEIVE,
        (OFFICIAL, Act("supplier/ACME", "suspend", {"reason": "audit"}, KEEPER)),
        (Act("supplier/ACME", "reinstate", said.REQUALIFIED, KEEPER),)),
    Cheat("own supplier", Act("supplier/ACME", "approve", {"until": "2027-12-31T00:00"}, SECOND), "someone else",
        Act("supplier/ACME", "approve", {"until": "2027-12-31T00:00"}, "approve"),
        (Act("supplier/ACME", "propose", said.PROPOSED, SECOND),)),
    Cheat("own definition", Act("material/DMSO", "approve", {}, SECOND), "someone else",
        Act("material/DMSO", "approve", {}, "approve"), (Act("material/DMSO", "write", said.DEFINED, SECOND),)),
    Cheat("too warm a label", change(RECEIVE, highest_c=25.0), "kept at 2 degC or above", RECEIVE, (defined(),)),
    Cheat("own receipt", by(RELEASE, SECOND), "received, made or tested it", RELEASE, (by(RECEIVE, SECOND),)),
    Cheat("own receipt rejected", by(REJECT, SECOND), "someone else has to reject",
        REJECT, (by(RECEIVE, SECOND),)),
    Cheat("own test", by(RELEASE, SECOND), "received, made or tested it", RELEASE,
        (defined(), RECEIVE, INSPECT, CERTIFY, by(TEST, SECOND))),
    Cheat("unseen", RELEASE, "nobody has inspected", RELEASE, (defined(), RECEIVE, CERTIFY, TEST), (INSPECT,)),
    Cheat("damaged", RELEASE, "found it damaged", RELEASE, (RECEIVE, change(INSPECT, intact=False)), (INSPECT,)),
    Cheat("no certificate", RELEASE, "certificate of analysis is missing", RELEASE,
        (defined(), RECEIVE, INSPECT, TEST), (CERTIFY,)),
    Cheat("other certificate", change(CERTIFY, maker_lot="M-78"), "about lot M-78", CERTIFY, (RECEIVE,)),
    Cheat("untested", RELEASE, "identity was not tested", RELEASE, (defined(), RECEIVE, INSPECT, CERTIFY), (TEST,)),
    Cheat("out", RELEASE, "identity is out of specification", RELEASE, (defined(), RECEIVE, INSPECT, CERTIFY, OUT),
        (TEST, *said.DEVIATION)),
    Cheat("until it fits", RELEASE, "did not meet before", RELEASE,
        (defined(), RECEIVE, INSPECT, CERTIFY, OUT, TEST), said.DEVIATION),
    Cheat("quarantined", USE, "not possible in state 'quarantine'", USE, (RECEIVE,), (RELEASE,)),
    Cheat("rejected", USE, "not possible in state 'rejected'", Act("lot/L2", "use", USE.body),
        (RECEIVE, REJECT), (lot("L2"),)),
    Cheat("expired", USE, "until the end of 2026-11-22", USE, (lot(expiry="2026-11-22"), later(DAY)), (
        said.agreed, EXTEND)),
    Cheat("no change", EXTEND, "CC-9 is absent", EXTEND,
        (lot(),), (said.agreed,)),
    Cheat("prepared is not extended", Act("lot/P1", "extend", said.EXTENDED, KEEPER), "prepare it anew",
        Act("lot/COMP-1", "extend", said.EXTENDED, KEEPER),
        (said.agreed, COMPONENT, PREPARE, Act("lot/P1", "release", by=KEEPER))),
    Cheat("too warm", USE, "12 degC; 8 degC is its highest; nobody has judged", USE, (lot(), WARMED),
        (JUDGE,)),
    Cheat("own excursion", JUDGE, "logged the excursion",
        by(JUDGE, SECOND), (lot(), by(WARMED, KEEPER))),
    Cheat("no record", USE, "no record of its storage from 2026-11-22T08:00", USE,
        (lot(), change(WARMED, highest_c=7.0), later(DAY),
         change(WARMED, highest_c=7.0, since="2026-11-22T12:00", until="2026-11-22T14:00")),
        (JUDGE,)),
    Cheat("kept for another", change(USE, quantity=3.0), "has 2 mL left", change(USE, quantity=3.0, batch="B2"),
        (lot(), KEEP)),
    Cheat("kept twice", change(KEEP, batch="B1", quantity=3.0), "has 2 mL left",
        change(KEEP, batch="B1", quantity=2.0), (lot(), KEEP)),
    Cheat("another patient's", change(POUR, batch="B2"), "opened for another patient", change(POUR, batch="B3"),
        (lot(), defined(BOTTLE), FIRST, SECOND_PATIENT, AGAIN, OPEN)),
    Cheat("open too long", POUR, "container 1 could be used until 2026-11-22T13:00", change(POUR, container="2"),
        (lot(), defined(BOTTLE), FIRST, OPEN, later(4.5 * 3600)), (change(OPEN, container="2"),)),
    Cheat("thawed too long", POUR, "could be used until 2026-11-22T10:00", change(POUR, container="2"),
        (lot(), defined({**BOTTLE, "thawed_h": 1.0}), FIRST, change(OPEN, thawed=True), later(2 * 3600)),
        (change(OPEN, container="2", thawed=True),)),
    Cheat("unopened", USE, "used out of opened containers", POUR, (lot(), defined(BOTTLE), FIRST), (OPEN,)),
    Cheat("opened twice", OPEN, "was opened before", change(OPEN, container="2"), (lot(), FIRST, OPEN)),
    Cheat("more than it holds", change(OPEN, quantity=2.5), "holds 2 mL", OPEN, (lot(), defined(BOTTLE), FIRST)),
    Cheat("more than is in it", change(POUR, quantity=2.5), "2 mL in container 1", POUR, (lot(), FIRST, OPEN)),
    Cheat("given back twice", change(BACK, quantity=2.0), "has 1 mL at batch B1",
        BACK, (lot(), ISSUE)),
    Cheat("newer component", PREPARE, "released after the solution was made", change(PREPARE, made="2026-11-22T10:00"),
        (MAKE_LATER, COMPONENT)),
    Cheat("unreleased component", PREPARE, "COMP-1 is quarantine", change(PREPARE, made="2026-11-22T10:00"),
        (Act("lot/COMP-1", "receive", said.RECEIPT), MAKE_LATER), (Act("lot/COMP-1", "release", by=KEEPER),)),
    Cheat("expired component", change(PREPARE, made="2026-11-22T09:45"), "COMP-1 expired",
        change(PREPARE, components=[{"lot": "COMP-2", "quantity": 0.1}]),
        (lot("COMP-1", expiry="2026-11-22T09:30"), lot("COMP-2"), MAKE_LATER)),
    Cheat("longer than its components", change(PREPARE, expiry="2027-04"), "until 2027-04-01T00:00, not 2027-04",
        change(PREPARE, expiry="2027-03"), (COMPONENT,)),
    Cheat("longer than it keeps", change(PREPARE, expiry="2026-11-24"), "it keeps 24 h", PREPARE,
        (COMPONENT, defined({**FORMULA, "shelf_h": 24.0}, "wash buffer"))),
    Cheat("not by its formula", change(PREPARE, components=[{"lot": "COMP-1", "quantity": 0.2}]), "wants 0.1 of DMSO",
        PREPARE, (COMPONENT, defined(FORMULA, "wash buffer"))),
    Cheat("tomorrow's", change(PREPARE, made="2026-11-22T11:00"), "still to come", PREPARE, (COMPONENT,)),
    Cheat("more than there is", change(PREPARE, components=[{"lot": "COMP-1", "quantity": 11.0}]), "has 10 mL free",
        PREPARE, (COMPONENT,)),
    Cheat("own preparation", Act("lot/P1", "release", by=SECOND), "received, made or tested it",
        Act("lot/P1", "release", by=KEEPER), (COMPONENT, PREPARE)),
    Cheat("another code", change(USE, scanned="M-78"), "is not that of lot L1", change(USE, scanned="M-77"), (lot(),)),
    Cheat("another GS1 lot", change(USE, scanned="(01)09501101530003(10)M-78"), "is of lot M-78",
        change(USE, scanned="(01)09501101530003(17)270331(10)M-77"), (lot(),)),
    Cheat("an older package", change(USE, scanned="(17)261231(10)M-77"), "expires on 2026-12-31",
        change(USE, scanned="(17)270300(10)M-77"), (lot(),)),
    Cheat("another package", change(SCAN, maker_lot="M-78"), "its package says another lot", SCAN, (kits(),)),
    Cheat("open package", change(SCAN, intact=False), "broken sterile barrier", SCAN, (kits(),)),
    Cheat("one more kit", Act("kit/K2", "scan", said.SCANNED), "one more of lot KITS than the 1 that batch MAT-1 got",
        Act("kit/K2", "scan", said.SCANNED), (kits(1.0), SCAN),
        (Act("lot/KITS", "issue", {"batch": "MAT-1", "quantity": 1.0}),)),
    Cheat("untested set", MOUNT, "not tested for tightness", MOUNT, (kits(), SCAN, TIGHT, JOIN), (TIGHT,)),
    Cheat("leaking set", MOUNT, "it lost 2 kPa in 5 min", Act("kit/K2", "scan", said.SCANNED),
        (kits(), SCAN, change(TIGHT, end_kpa=18.0), TIGHT)),
    Cheat("bad weld", MOUNT, "the sterile connector of bag to set was not good", Act("kit/K2", "scan", said.SCANNED),
        (kits(), SCAN, change(JOIN, good=False), TIGHT)),
    Cheat("unfit welder", WELD, "WELD-1 is registered, not qualified", JOIN, (kits(), SCAN, WELDER)),
)  # fmt: skip


@pytest.mark.requirement("F028", "F095", "F096", "F097", "F098", "F099", "F100", "F157")
@pytest.mark.requirement("F028", "F095", "F096", "F097", "F098", "F099", "F100", "F157", refuses=True)
@pytest.mark.parametrize("cheat", CHEATS, ids=str)
def test_a_cheat_with_material_is_refused_and_recorded_and_the_right_act_succeeds(cheat: Cheat, way: Doorway) -> None:
    """The wrong act changes nothing and is on the record; what was missing is mended, and the act counts."""
    for one in cheat.given:
        one(way)
    stream = cheat.wrong.stream
    before = way.ledger.version(stream), len(way.refusals(stream))
    with pytest.raises(RefusedError, match=cheat.match):
        cheat.wrong(way)
    assert (way.ledger.version(stream), len(way.refusals(stream)) - 1) == before
    for one in cheat.mended:
        one(way)
    cheat.right(way)
    assert way.ledger.version(cheat.right.stream) > 0


@pytest.mark.requirement("F097", refuses=True)
def test_nobody_extends_an_expiry_alone(way: Doorway) -> None:
    """Both signatures of one person, or none of quality, are refused; with quality's the date is later."""
    lot()(way)
    said.agreed(way)
    for second in (SECOND, "perform"):
        signs = proof(SECOND, "authored"), proof(second, "approved")
        with pytest.raises(RefusedError, match=r"different person|needs the right approve"):
            way.do(L, "extend", said.EXTENDED, by=SECOND, signs=signs)
    way.do(L, "extend", said.EXTENDED, by=SECOND, signs=(proof(SECOND, "authored"), proof("approve", "approved")))
    assert way.get(MaterialLot, L).expiry == "2027-09-30"


@pytest.mark.requirement("F095")
def test_what_was_issued_is_used_given_back_or_destroyed_or_named_as_missing(way: Doorway) -> None:
    """Of 5 mL issued 2 are used out of a container, 1 is given back, 1 destroyed; 1 is not accounted for."""
    for one in (lot(), FIRST, change(ISSUE, quantity=5.0), OPEN, POUR):
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
    for one in (COMPONENT, PREPARE, Act("lot/P1", "release", by=KEEPER)):
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
    for one in (FIRST, SECOND_PATIENT, AGAIN, COMPONENT, lot(), PREPARE, Act("lot/P1", "release", by=KEEPER)):
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


@pytest.mark.requirement("F100", "F156")
def test_a_disqualified_supplier_takes_its_lots_along_and_the_scorecard_says_what_became_of_them(way: Doorway) -> None:
    """Two lots, one of them damaged at receipt; the released one goes into quarantine."""
    for one in (OFFICIAL, lot(), Act("lot/L2", "receive", said.RECEIPT)):
        one(way)
    Act("lot/L2", "inspect", {**said.SEEN, "intact": False})(way)
    Act("supplier/ACME", "disqualify", {"reason": "no audit was possible"}, "approve")(way)
    following(way)
    assert way.state(L) == "quarantine"
    told = way.get(Supplier, "supplier/ACME").told(way.door)
    assert told == ("2 lots received: 2 quarantine; 50 % without complaint", "lot L2: damaged")


@pytest.mark.requirement("F100", "F157")
def test_a_supplier_is_due_for_its_requalification_and_a_lot_for_its_release(way: Doorway) -> None:
    """Each says what has to be done next and until when."""
    for one in (OFFICIAL, RECEIVE):
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


@pytest.mark.requirement("F028")
def test_a_leak_in_use_opens_a_deviation_and_the_set_is_found_by_its_lot(way: Doorway) -> None:
    """The pressure fell while it was in use; the deviation names the batch."""
    for one in (kits(), SCAN, JOIN, TIGHT, MOUNT, change(TIGHT, end_kpa=18.0)):
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
    for one in (OFFICIAL, defined(), FIRST, RECEIVE, INSPECT, CERTIFY, TEST, RELEASE):
        one(way)
    for amount in (0.1, 0.2, 0.3):
        Act(L, "use", {"quantity": amount, "batch": "B1"})(way)
    again = way.rebuilt()
    words = ("supplier", "material", "lot")
    assert [list(again.every(word)) for word in words] == [list(way.door.every(word)) for word in words]
