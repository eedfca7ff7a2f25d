"""What an executed protocol means to its asset: how far it is qualified, and until when."""

import pytest

from automation.gmp.plant.assets import Asset
from automation.kernel.clock import instant
from tests.support.doors import Doorway
from tests.unit.gmp import moves_of_qualifications as made
from tests.unit.gmp.moves_of_quality import act

SYSTEM = "system:test"


@pytest.mark.requirement("F150.2", refuses=True)
def test_an_earlier_stage_shown_again_puts_a_later_one_off_by_no_day(way: Doorway) -> None:
    """Through its PQ until 2027-06-30; an IQ released until November leaves both, and from July nothing is begun."""
    name = "bal-1"
    made.asset(way, name)
    way.do(f"asset/{name}", "install", {"due": "2027-06-30"}, by=SYSTEM)
    way.do(f"asset/{name}", "take_out", made.WHY)
    made.executed_on(way, f"{name}-Q", asset=name)
    way.do(f"asset/{name}", "release", made.release(name), by=SYSTEM)
    asset = way.get(Asset, f"asset/{name}")
    assert (asset.stage, asset.qualification_record) == ("PQ", f"{name}-Q")
    assert asset.qualification_due == instant("2027-07-01T00:00", zone=way.door.zone)
    (why,) = asset.ready(instant("2027-07-02T00:00", zone=way.door.zone))
    assert why.startswith(f"asset {name} is out of qualification since 2027-0")


@pytest.mark.requirement("F150.2")
def test_the_same_stage_shown_again_holds_as_long_as_its_release_says(way: Doorway) -> None:
    """Qualified through its IQ; another IQ counts from then on."""
    name = "bal-2"
    made.asset(way, name)
    act(way, f"asset/{name}", "qualify", {"due": "2027-06-30", "certificate": "C", "stage": "IQ"}, by="approve")
    way.do(f"asset/{name}", "take_out", made.WHY)
    made.executed_on(way, f"{name}-Q", asset=name)
    way.do(f"asset/{name}", "release", made.release(name), by=SYSTEM)
    asset = way.get(Asset, f"asset/{name}")
    assert (asset.stage, asset.qualification_due) == ("IQ", instant("2027-11-23T00:00", zone=way.door.zone))
