"""Assets: what stands in the way of their use, and who may claim them."""

import pytest

from automation.gmp.bodies.assets import moment
from automation.gmp.plant.assets import Asset
from automation.kernel.clock import instant, iso
from automation.kernel.errors import GateError, InputError, RefusedError
from tests.support.doors import ZONE, Doorway, proof
from tests.support.thread import Thread
from tests.unit.gmp.moves import ISSUE, REASON

A = "asset/freezer-1"
CLAIM = {"batch": "B1", "step": "freeze"}


def _installed(way: Doorway, **registered: object) -> None:
    way.do(A, "register", {"asset_class": "freezer", "serial": "S-1", "firmware": "2.4", **registered})
    way.do(A, "install", {"due": "2027-06-30", "calibration_due": "2026-11-22"})


def _lacks(way: Doorway) -> list[str]:
    return [text.removeprefix("asset freezer-1 ") for text in way.get(Asset, A).ready(way.clock.now())]


@pytest.mark.requirement("F151", "F166")
def test_an_asset_says_everything_that_stands_in_its_way(way: Doorway) -> None:
    """From its registration until it is fit."""
    way.do(A, "register", {"asset_class": "freezer"}, by="maintain")
    assert _lacks(way) == ["is registered, not qualified", "was never calibrated", "is not clean"]
    due = {"due": "2027-06-30", "certificate": "Q-1"}
    way.do(A, "qualify", due, by="approve", signs=(proof("approve", "approved"),))
    way.do(A, "calibrate", {**due, "as_found": "+0.1 K", "as_left": "0.0 K"}, by="maintain")
    way.do(A, "clean", {"procedure": "SOP-7"}, by="perform")
    assert _lacks(way) == []


@pytest.mark.requirement("F166", refuses=True)
@pytest.mark.parametrize("command", ["qualify", "calibrate"])
def test_nobody_finds_an_asset_good_until_a_day_that_is_over(way: Doorway, command: str) -> None:
    """Whoever writes last year means this one."""
    way.do(A, "register", {"asset_class": "freezer"}, by="maintain")
    by = {"qualify": "approve", "calibrate": "maintain"}[command]
    signs = (proof("approve", "approved"),) if command == "qualify" else ()
    for due, fits in (("2025-06-30", False), ("2027-06-30", True)):
        said = {"due": due, "certificate": "Q-1"}
        if fits:
            way.do(A, command, said, by=by, signs=signs)
            continue
        with pytest.raises(RefusedError, match="would be good until 2025-06-30, which is over"):
            way.do(A, command, said, by=by, signs=signs)


@pytest.mark.requirement("F166")
def test_calibration_lapses_at_the_end_of_its_day_where_the_asset_is(way: Doorway) -> None:
    """It was due on the day of the test."""
    _installed(way)
    assert _lacks(way) == []
    way.clock.go(float(instant("2026-11-23T00:00:00", zone=ZONE) - way.clock.now()))
    assert _lacks(way) == ["is out of calibration since 2026-11-22T23:00:00.000+00:00"]


def test_a_day_ends_right_when_the_clocks_change() -> None:
    """That of the change to winter time has 25 hours."""
    days = ("2026-10-24", "2026-10-25")
    assert [iso(moment(day, zone=ZONE)) for day in days] == [
        "2026-10-24T22:00:00.000+00:00",
        "2026-10-25T23:00:00.000+00:00",
    ]


@pytest.mark.requirement("F166", refuses=True)
def test_a_failed_calibration_stands_in_the_way_however_far_its_due_date(way: Doorway) -> None:
    """Until the next one passes."""
    _installed(way)
    way.do(A, "calibrate", {"due": "2028-01-31", "certificate": "C-2", "result": "fail"}, by="maintain")
    assert _lacks(way) == ["failed its last calibration (C-2)"]


@pytest.mark.requirement("F151", refuses=True)
@pytest.mark.parametrize(("name", "says"), [("serial", "S-2"), ("firmware", "2.5")])
def test_a_device_that_says_it_is_another_is_not_ready(way: Doorway, name: str, says: str) -> None:
    """What it says at connection is compared with the register."""
    _installed(way)
    way.do(A, "identify", {"serial": "S-1", "firmware": "2.4", name: says})
    assert [text.partition(";")[0] for text in _lacks(way)] == [f"says {name} {says!r}"]


@pytest.mark.requirement("F045")
def test_an_asset_is_claimed_by_one_step_until_it_is_freed(way: Doorway) -> None:
    """The same step may claim it again after a restart."""
    _installed(way)
    way.do(A, "claim", CLAIM)
    way.do(A, "claim", CLAIM)
    with pytest.raises(RefusedError, match="is claimed by batch B1, step freeze"):
        way.do(A, "claim", {**CLAIM, "batch": "B2"})
    now, asset = way.clock.now(), way.get(Asset, A)
    assert asset.ready_for("B1", "freeze", now=now) == ()
    assert asset.ready_for("B2", "freeze", now=now) == ("asset freezer-1 is claimed by batch B1, step freeze",)
    way.do(A, "free", REASON)
    assert way.get(Asset, A).claim is None


def test_only_a_supervisor_breaks_a_claim_and_signs_for_it(way: Doorway) -> None:
    """Nobody breaks what is not there."""
    _installed(way)
    signs = (proof("supervise", "responsible"),)
    with pytest.raises(RefusedError, match="is not claimed"):
        way.do(A, "break_claim", REASON, by="supervise", signs=signs)
    way.do(A, "claim", CLAIM)
    way.do(A, "break_claim", REASON, by="supervise", signs=signs)
    assert way.get(Asset, A).claim is None


@pytest.mark.requirement("F045", "F083")
def test_use_makes_dirty_and_cleaning_clean(way: Doorway) -> None:
    """Only the step that claimed it uses it."""
    _installed(way)
    way.do(A, "claim", CLAIM)
    with pytest.raises(RefusedError, match="is not claimed by batch B2"):
        way.do(A, "use", {**CLAIM, "batch": "B2"})
    way.do(A, "use", CLAIM)
    assert _lacks(way) == ["is not clean"]
    way.do(A, "clean", {"procedure": "SOP-7"}, by="perform")
    assert _lacks(way) == []


def test_a_due_date_that_is_none_is_refused(way: Doorway) -> None:
    """The message names the field."""
    way.do(A, "register", {"asset_class": "freezer"})
    with pytest.raises(InputError, match="field due"):
        way.do(A, "install", {"due": "31.12.2027"})


@pytest.mark.requirement("F151", refuses=True)
def test_a_live_site_takes_no_fitness_from_the_program(live: Doorway) -> None:
    """Installation by declaration is for simulated sites."""
    live.do(A, "register", {"asset_class": "freezer"}, by="maintain")
    with pytest.raises(RefusedError, match="can't install by the program alone"):
        live.do(A, "install", {"due": "2027-06-30"})


@pytest.mark.requirement("C06")
@pytest.mark.requirement("C06", refuses=True)
def test_a_driver_below_l3_acts_in_engineering_lots_only_on_a_live_site(live: Doorway) -> None:
    """One that only ever ran on a fake is not even registered."""
    driven = {"asset_class": "freezer", "kind": "driven"}
    with pytest.raises(RefusedError, match="needs L1 or better"):
        live.do(A, "register", {**driven, "support": "L0"}, by="maintain")
    live.do(A, "register", {**driven, "support": "L1"}, by="maintain")
    due = {"due": "2027-06-30", "certificate": "Q-1"}
    live.do(A, "qualify", due, by="approve", signs=(proof("approve", "approved"),))
    live.do("batch/B1", "issue", {**ISSUE, "seed": None}, by="issue")
    Thread(live, "B2").through("batch", "issue")
    with pytest.raises(GateError, match="below L3 it may act in engineering lots only"):
        live.do(A, "claim", {**CLAIM, "batch": "B2"})
    with pytest.raises(GateError, match="quality has to permit it"):
        live.do(A, "claim", CLAIM)
    live.do(A, "permit", REASON, by="approve", signs=(proof("approve", "approved"),))
    live.do(A, "claim", CLAIM)
    assert live.get(Asset, A).claim == ("B1", "freeze")


def test_an_asset_in_use_is_not_retired(way: Doorway) -> None:
    """First it is freed."""
    _installed(way)
    way.do(A, "claim", CLAIM)
    with pytest.raises(RefusedError, match="is claimed by batch B1, step freeze"):
        way.do(A, "retire", REASON, by="administer")
    way.do(A, "free", REASON)
    way.do(A, "retire", REASON, by="administer")
    assert way.state(A) == "retired"
