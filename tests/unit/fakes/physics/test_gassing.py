"""Oxygen and pH of a rocking bag, as closed laws; units %, 1/h, mmol/L."""

from dataclasses import replace

import pytest

from automation.kernel.quantity import Cells, Millilitres
from fakes.contents import Contents, filled
from fakes.physics import gassing
from fakes.physics.gassing import Gassing, Settling, liquid

GAS = Gassing(rate=20.0, angle=7.0, flow=0.2, co2=5.0, oxygen=20.9)


def culture(per_ml: float, *, lactate: float = 0.0) -> Contents:
    """Give a litre with cells and lactate (g)."""
    return replace(filled(Millilitres(1000.0), live=Cells(1000.0 * per_ml)), solutes={"lactate": lactate})


def test_without_cells_the_liquid_is_saturated_and_as_sour_as_medium_is() -> None:
    """100 % of air; 24 mmol/L of bicarbonate under 5 % CO2 is pH 7.44."""
    still = liquid(culture(0.0))
    assert gassing.dissolved_oxygen(GAS, still) == pytest.approx(100.0)
    assert gassing.ph(GAS, still) == pytest.approx(7.44, abs=0.01)


def test_oxygen_falls_by_what_the_cells_breathe_and_rises_with_motion() -> None:
    """Ten million per mL take half of it at 20/min; at 30/min less, at 10/min more than there is."""
    ten = liquid(culture(1e7))
    seen = [gassing.dissolved_oxygen(replace(GAS, rate=rate), ten) for rate in (10.0, 20.0, 30.0)]
    assert seen == sorted(seen)
    assert seen[0] < 10.0
    assert seen[1] == pytest.approx(52.4, abs=0.5)


def test_as_many_cells_live_as_get_oxygen() -> None:
    """At the densest the oxygen is used up; at rest that is 3 million per mL, as anywhere at rest."""
    assert gassing.dissolved_oxygen(GAS, liquid(culture(GAS.densest))) == pytest.approx(0.0, abs=1e-6)
    assert replace(GAS, rate=0.0, angle=0.0).densest == pytest.approx(3.15e6, rel=0.01)


def test_lactate_makes_it_sour() -> None:
    """1.35 g/L are 15 mmol/L: of 24 mmol/L bicarbonate 9 are left, 0.43 less."""
    fresh, spent = liquid(culture(0.0)), liquid(culture(0.0, lactate=1.351))
    assert gassing.ph(GAS, fresh) - gassing.ph(GAS, spent) == pytest.approx(0.426, abs=0.005)


@pytest.mark.parametrize("per_ml", [0.0, 3e6, 1.5e7])
def test_a_controller_keeps_what_it_can(per_ml: float) -> None:
    """Oxygen and pH are as wanted, within the gas that it has; more cells take more oxygen and less CO2."""
    kept, cells = replace(GAS, ph=7.2, dissolved=40.0), liquid(culture(per_ml, lactate=0.5))
    assert gassing.dissolved_oxygen(kept, cells) == pytest.approx(40.0)
    assert gassing.ph(kept, cells) == pytest.approx(7.2)
    assert 0.0 < gassing.oxygen_given(kept, cells) < gassing.MOST_OXYGEN


def test_a_controller_gives_no_more_than_it_has() -> None:
    """At 60 million per mL half oxygen is not enough."""
    kept = replace(GAS, dissolved=40.0)
    dense = liquid(culture(6e7))
    assert gassing.oxygen_given(kept, dense) == gassing.MOST_OXYGEN
    assert gassing.dissolved_oxygen(kept, dense) < 40.0


def test_an_empty_bag_asks_for_nothing() -> None:
    """No liquid, no numbers that are none."""
    assert liquid(Contents()) == gassing.Liquid(0.0, 0.0)


def test_what_was_off_fades_at_its_rate() -> None:
    """To 1/e in one time constant; before its beginning it has not begun to."""
    off = Settling(10.0, since=100.0, fades=6.0)
    assert (off.at(100.0), off.at(0.0)) == (10.0, 10.0)
    assert off.at(700.0) == pytest.approx(10.0 / 2.71828, rel=1e-4)
