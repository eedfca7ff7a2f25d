"""Lots of material: quarantine, release by somebody else, use until empty or expired."""

import pytest

from automation.gmp.materials.lots import MaterialLot
from automation.gmp.stock.expiry import last_day
from automation.kernel.clock import instant
from automation.kernel.errors import GateError, InputError, RefusedError
from tests.support.doors import SECOND, ZONE, Doorway, proof

L = "lot/L1"
RECEIPT = {"what": "DMSO", "supplier": "ACME", "quantity": 10.0, "unit": "mL", "expiry": "2026-11-23"}
APPROVAL = (proof("release-material", "approved"),)


def _released(way: Doorway, **changes: object) -> None:
    way.do(L, "receive", {**RECEIPT, **changes}, by="perform")
    way.do(L, "release", by="release-material", signs=APPROVAL)


@pytest.mark.requirement("F099")
@pytest.mark.requirement("F099", refuses=True)
def test_a_lot_is_released_by_somebody_else_than_its_receiver(way: Doorway) -> None:
    """Until then it stands in quarantine and nothing of it is used."""
    way.do(L, "receive", RECEIPT, by=SECOND)
    with pytest.raises(RefusedError, match="not possible in state 'quarantine'"):
        way.do(L, "use", {"quantity": 1.0})
    with pytest.raises(RefusedError, match="someone else has to release it"):
        way.do(L, "release", by=SECOND, signs=(proof(SECOND, "approved"),))
    way.do(L, "release", by="release-material", signs=APPROVAL)
    assert way.get(MaterialLot, L).released_by == "release-material"


@pytest.mark.requirement("F095", refuses=True)
@pytest.mark.parametrize("unit", ["bananas", "ml.", "2 mL"])
def test_a_lot_is_counted_in_a_unit(way: Doorway, unit: str) -> None:
    """What is in no unit could never be taken from; units of ours and of the library are known."""
    with pytest.raises(RefusedError, match="is no unit; write for example mL, g or pcs"):
        way.do(L, "receive", {**RECEIPT, "unit": unit}, by="perform")
    for number, known in enumerate(("pcs", "mL", "IU", "m^2")):
        way.do(f"lot/L{number + 2}", "receive", {**RECEIPT, "unit": known}, by="perform")


@pytest.mark.requirement("F095", refuses=True)
def test_no_more_is_used_than_is_left(way: Doorway) -> None:
    """Ten times a tenth leaves nothing, exactly."""
    _released(way, quantity=1.0)
    for _ in range(10):
        way.do(L, "use", {"quantity": 0.1, "unit": "mL"})
    assert way.get(MaterialLot, L).left == 0.0
    with pytest.raises(RefusedError, match=r"has 0 mL left; 0\.001 mL were asked for"):
        way.do(L, "use", {"quantity": 0.001})
    with pytest.raises(RefusedError, match="kept in mL; the use is stated in uL"):
        way.do(L, "use", {"quantity": 1.0, "unit": "uL"})


@pytest.mark.requirement("F062", "F097")
@pytest.mark.requirement("F062", "F097", refuses=True)
def test_a_lot_is_usable_through_its_whole_last_day_where_it_is(way: Doorway) -> None:
    """The day ends at midnight of the site's zone, not of UTC."""
    _released(way)
    midnight = instant("2026-11-24T00:00:00", zone=ZONE)
    way.clock.go(float(midnight - way.clock.now()) - 1)
    way.do(L, "use", {"quantity": 1.0})
    way.clock.go(1)
    with pytest.raises(GateError, match="usable until the end of 2026-11-23"):
        way.do(L, "use", {"quantity": 1.0})
    assert way.get(MaterialLot, L).ready(way.clock.now(), zone=ZONE) != ()


@pytest.mark.parametrize(
    ("expiry", "day"), [("2028-02", "2028-02-29"), ("2027-02", "2027-02-28"), ("2027-01-31", "2027-01-31")]
)
def test_an_expiry_without_a_day_means_the_end_of_its_month(expiry: str, day: str) -> None:
    """February knows its leap years."""
    assert last_day(expiry).isoformat() == day


@pytest.mark.requirement("F062", refuses=True)
@pytest.mark.parametrize("expiry", ["2027-13-01", "2027-02-29", "31.12.2027", "soon", "2027"])
def test_an_expiry_that_is_no_day_is_refused(way: Doorway, expiry: str) -> None:
    """The message names the field and the value."""
    with pytest.raises(InputError, match=r"field expiry: .*given: "):
        way.do(L, "receive", {**RECEIPT, "expiry": expiry}, by="perform")
