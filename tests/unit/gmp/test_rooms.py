"""Rooms: one patient's open product at a time, a line that two people cleared, clean, gowned, under pressure."""

import pytest

from automation.gmp.hazards import Hazard, unsafe
from automation.gmp.plant.assets import Asset
from automation.gmp.plant.rooms import Room
from automation.kernel.errors import GateError, RefusedError
from automation.kernel.quantity import Seconds
from tests.support.doors import SECOND, Doorway, proof
from tests.unit.gmp.moves_of_plant import ISSUE, Body
from tests.unit.gmp.moves_of_quality import act, following

R, A = "room/Suite 1", "asset/washer-1"
LAYOUT: Body = {
    "grade": "C",
    "lowest_pa": 10.0,
    "neighbour": "corridor",
    "clean_every_h": 24.0,
    "agents": ["quat", "hydrogen peroxide"],
    "in_a_row": 2,
}
SEEN = ["benches", "bins", "labels"]
GOWNING: Body = {
    "title": "Gowning, grade C",
    "operations": [],
    "observed": 3,
    "valid_days": 365,
    "trainers": ["verify"],
}
WHY: Body = {"reason": "because the test says so"}


def _gowned(way: Doorway, person: str) -> None:
    training = f"training/GOWN-C.{person}"
    act(way, "curriculum/GOWN-C", "assign", {"person": person}, by="supervise")
    following(way)
    act(way, training, "read", {"documents": []}, by=person)
    for number in range(3):
        act(way, training, "observe", {"run": f"gowning {number}", "passed": True}, by="verify")
    act(way, training, "qualify", by="supervise")


def _clean(way: Doorway, agent: str = "quat") -> None:
    act(way, R, "begin_cleaning", {"agent": agent, "procedure": "SOP-R"}, by="perform")
    act(way, R, "finish_cleaning", by="perform")


def _room(way: Doorway, **said: object) -> None:
    act(way, R, "register", {**LAYOUT, **said}, by="approve")
    _clean(way)
    for name in ("B1", "B2"):
        way.do(f"batch/{name}", "issue", ISSUE, by="issue")


def _clear(way: Doorway, batch: str, *, by: str = "perform") -> None:
    act(way, R, "clear_line", {"batch": batch, "checked": SEEN}, by=by)


def _asset(way: Doorway, name: str = "washer-1", **said: object) -> None:
    body = {"asset_class": "washer", "location": "Suite 1", "needs_cleaning": False, **said}
    way.do(f"asset/{name}", "register", body)
    way.do(f"asset/{name}", "install", {"due": "2027-06-30"})


def _take(way: Doorway, batch: str, asset: str = A) -> None:
    way.do(asset, "claim", {"batch": batch, "step": "wash"})
    following(way)


@pytest.mark.requirement("F006", "F082", refuses=True)
def test_a_room_holds_one_patients_open_product_at_a_time(way: Doorway) -> None:
    """The second waits until the first is closed and two people have cleared the line for it."""
    _room(way)
    _clear(way, "B1")
    way.do(R, "begin", {"batch": "B1"}, by="perform")
    with pytest.raises(RefusedError, match="'begin' is not possible in state 'in operation'"):
        way.do(R, "begin", {"batch": "B2"}, by="perform")
    with pytest.raises(RefusedError, match="has open product of B1, not of B2"):
        way.do(R, "finish", {"batch": "B2"}, by="perform")
    way.do(R, "finish", {"batch": "B1"}, by="perform")
    with pytest.raises(RefusedError, match="the line of room Suite 1 is not cleared for batch B2"):
        way.do(R, "begin", {"batch": "B2"}, by="perform")
    _clear(way, "B2")
    way.do(R, "begin", {"batch": "B2"}, by="perform")
    assert way.get(Room, R).open_product == "B2"
    assert len(way.refusals(R)) == 3


@pytest.mark.requirement("F082", refuses=True)
def test_one_person_alone_clears_no_line(way: Doorway) -> None:
    """Performed and verified are two people, both with their own secret."""
    _room(way)
    body = {"batch": "B1", "checked": SEEN}
    alone = (proof(SECOND, "performed"), proof(SECOND, "verified"))
    with pytest.raises(RefusedError, match="signed already"):
        way.do(R, "clear_line", body, by=SECOND, signs=alone)
    with pytest.raises(RefusedError, match="needs a signature with the meaning 'verified'"):
        way.do(R, "clear_line", body, by="perform", signs=(proof("perform", "performed"),))
    _clear(way, "B1")
    assert way.get(Room, R).cleared_by == {"perform", SECOND}


@pytest.mark.requirement("F082")
@pytest.mark.requirement("F082", refuses=True)
def test_equipment_in_a_room_is_taken_only_for_the_batch_for_which_its_line_is_clear(way: Doorway) -> None:
    """Also when it is free; what keeps its product closed may stand beside another's."""
    _room(way)
    _asset(way)
    _asset(way, "incubator-1", closed=True)
    with pytest.raises(GateError, match="asset washer-1 can't be taken: the line of room Suite 1 is not cleared"):
        _take(way, "B1")
    _clear(way, "B1")
    _take(way, "B1")
    assert way.get(Room, R).open_product == "B1"
    _asset(way, "washer-2")
    with pytest.raises(GateError, match="room Suite 1 has open product of batch B1"):
        _take(way, "B2", "asset/washer-2")
    _take(way, "B2", "asset/incubator-1")
    assert way.get(Asset, "asset/incubator-1").claim == ("B2", "wash")


@pytest.mark.requirement("F045", "F080")
def test_a_room_knows_what_was_open_in_it_when(way: Doorway) -> None:
    """From the first claim of a batch there to its last, without anybody's doing."""
    _room(way)
    _asset(way)
    _asset(way, "washer-2")
    _clear(way, "B1")
    start = way.clock.now()
    _take(way, "B1")
    _take(way, "B1", "asset/washer-2")
    way.clock.go(3600.0)
    for asset in (A, "asset/washer-2"):
        way.do(asset, "free", WHY)
        following(way)
        way.clock.go(1800.0)
    [stay] = way.get(Room, R).stays
    assert (stay.batch, stay.since, stay.until) == ("B1", start, start + Seconds(5400.0))
    assert way.get(Room, R).open_in(stay.since, stay.since) == ("B1",)
    assert way.get(Room, R).open_in(way.clock.now(), way.clock.now()) == ()


@pytest.mark.requirement("F082", refuses=True)
def test_too_little_pressure_is_an_alarm_and_opens_nothing_until_it_is_back(way: Doorway) -> None:
    """One alarm for one time of low pressure, however often it is read."""
    _room(way)
    _clear(way, "B1")
    for pascal in (12.0, 9.9, 8.0):
        way.do(R, "measure", {"pascal": pascal})
        following(way)
    [alarm] = way.door.every("alarm")
    assert alarm.state == "unacknowledged"
    with pytest.raises(RefusedError, match="has 8 Pa, at least 10 Pa are needed"):
        way.do(R, "begin", {"batch": "B1"}, by="perform")
    for pascal in (10.0, 15.0):
        way.do(R, "measure", {"pascal": pascal})
        following(way)
    assert way.state(f"alarm/{alarm.id}") == "returned"
    assert way.refusals(f"alarm/{alarm.id}") == []
    way.do(R, "begin", {"batch": "B1"}, by="perform")


@pytest.mark.requirement("F083")
@pytest.mark.requirement("F083", refuses=True)
def test_disinfectants_take_turns(way: Doorway) -> None:
    """Twice the same is allowed, a third time is not; what is not validated here never is."""
    _room(way)
    _clean(way)
    with pytest.raises(RefusedError, match="was cleaned with quat 2 times in a row"):
        _clean(way)
    with pytest.raises(RefusedError, match="is cleaned with quat, hydrogen peroxide, not with bleach"):
        _clean(way, "bleach")
    _clean(way, "hydrogen peroxide")
    _clean(way)
    assert way.get(Room, R).agents[-2:] == ("hydrogen peroxide", "quat")


@pytest.mark.requirement("F083", refuses=True)
def test_a_room_that_was_to_be_cleaned_opens_for_nothing_new(way: Doorway) -> None:
    """What is open in it goes on; after the cleaning the line is cleared anew."""
    _room(way)
    _clear(way, "B1")
    way.clock.go(25 * 3600.0)
    with pytest.raises(RefusedError, match="was to be cleaned until"):
        way.do(R, "begin", {"batch": "B1"}, by="perform")
    _clean(way)
    with pytest.raises(RefusedError, match="is not cleared for batch B1"):
        way.do(R, "begin", {"batch": "B1"}, by="perform")
    _clear(way, "B1")
    way.do(R, "begin", {"batch": "B1"}, by="perform")


@pytest.mark.requirement("F081")
@pytest.mark.requirement("F081", refuses=True)
def test_nobody_enters_without_the_gowning_that_the_room_asks(way: Doorway) -> None:
    """And who did not enter neither clears its line nor opens product there."""
    _room(way, gowning="GOWN-C")
    with pytest.raises(RefusedError, match=r"has no .*perform.* inside; enter it first"):
        _clear(way, "B1")
    with pytest.raises(RefusedError, match="its gowning GOWN-C is no curriculum in force"):
        act(way, R, "enter", {"gown": "set 12"}, by="perform")
    act(way, "curriculum/GOWN-C", "write", GOWNING, by="supervise")
    act(way, "curriculum/GOWN-C", "approve", by="approve")
    with pytest.raises(RefusedError, match="is not open to perform: GOWN-C"):
        act(way, R, "enter", {"gown": "set 12"}, by="perform")
    for person in ("perform", SECOND):
        _gowned(way, person)
    with pytest.raises(RefusedError, match="is not entered in such a gown: a torn sleeve"):
        act(way, R, "enter", {"gown": "set 12", "exposed": "a torn sleeve"}, by="perform")
    for person in ("perform", SECOND):
        act(way, R, "enter", {"gown": "set 12"}, by=person)
    _clear(way, "B1")
    with pytest.raises(RefusedError, match="can't be closed: perform, second inside"):
        act(way, R, "close", WHY, by="supervise")
    for person in ("perform", SECOND):
        act(way, R, "leave", by=person)
    act(way, R, "close", WHY, by="supervise")
    assert way.get(Room, R).cleared == ""


DANGERS: tuple[tuple[Body, tuple[str, ...], str], ...] = (
    ({}, ("liquid nitrogen",), "has no oxygen monitor"),
    ({"oxygen_monitor": "o2-9"}, ("liquid nitrogen",), "asset o2-9 is absent, not qualified"),
    ({}, ("GMO class 2",), "has containment level 1; level 2 is needed"),
    ({"containment": 2}, ("GMO class 3",), "has containment level 2; level 3 is needed"),
)


@pytest.mark.requirement("F142", refuses=True)
@pytest.mark.parametrize(("said", "hazards", "match"), DANGERS, ids=[match for _, _, match in DANGERS])
def test_a_room_without_what_a_hazard_needs_says_so(
    said: Body, hazards: tuple[str, ...], match: str, way: Doorway
) -> None:
    """With everything there it says nothing."""
    _room(way, **said)
    _asset(way)
    named = tuple(Hazard(one) for one in hazards)
    assert match in " ".join(unsafe(way.door, ("washer-1",), named, now=way.clock.now()))


@pytest.mark.requirement("F142")
@pytest.mark.requirement("F142", refuses=True)
def test_everybody_inside_wears_what_the_hazard_needs(way: Doorway) -> None:
    """Nobody inside, one without a face shield, and then all of them protected beside a monitor that works."""
    _room(way, oxygen_monitor="o2-1")
    _asset(way)
    _asset(way, "o2-1")
    worn = ["cryogenic gloves", "face shield"]

    def said() -> list[str]:
        return list(unsafe(way.door, ("washer-1",), (Hazard.LIQUID_NITROGEN,), now=way.clock.now()))

    assert [one.rpartition("nobody wears")[1] for one in said()] == ["nobody wears"]
    way.do(R, "enter", {"gown": "set 12", "worn": worn}, by="perform")
    assert said() == []
    way.do(R, "enter", {"gown": "set 13", "worn": worn[:1]}, by="verify")
    assert said() == ["liquid nitrogen: verify is in room Suite 1 without face shield"]
    way.do(R, "leave", by="verify")
    way.clock.go(400 * 86_400.0)
    assert [one.partition(" since")[0] for one in said()][-1].endswith("asset o2-1 is out of calibration")
