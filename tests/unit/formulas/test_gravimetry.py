"""Volumes by weighing, the repeatability of a balance, and series that a step is judged by."""

from decimal import Decimal

import pytest

from automation.formulas import series
from automation.formulas.chambers import Leg, Look, Tolerance, followed
from automation.formulas.gravimetry import delivered, density, factor, repeatability
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Microlitres

# ISO 8655-6, Z at 101.3 kPa in uL/mg
PUBLISHED = {20.0: 1.0029, 20.5: 1.0030, 21.0: 1.0031, 21.5: 1.0032, 22.0: 1.0033, 22.5: 1.0034, 23.0: 1.0035}
WEIGHED = {"weight": "5000 mg", "division": "1 mg", "smallest": "2000 mg", "limit": "0.10 %"}
GIVEN = {"volume": "100 uL", "water": "21.5 degC", "error": "0.8 %", "spread": "0.3 %"}
WITHIN = Tolerance(rate=0.2, share=0.1, hold=2.0, settle=240.0)


@pytest.mark.requirement("F150.2")
@pytest.mark.parametrize("water", PUBLISHED)
def test_the_factor_is_that_of_the_standard(water: float) -> None:
    """To its four decimals, from the density of water and the buoyancy of air."""
    assert round(factor(Celsius(water)), 4) == PUBLISHED[water]


def test_the_density_of_water_is_that_of_the_published_table() -> None:
    """At 20 degC 0.998207 g/mL (Tanaka et al. 2001); beyond its range nothing is said."""
    assert density(Celsius(20.0)) == pytest.approx(0.998207, abs=1e-6)
    with pytest.raises(InputError, match="4 to 40 degC"):
        density(Celsius(41.0))


def test_ten_weighings_give_mean_error_and_spread() -> None:
    """Ten masses of 99.4 to 100.2 mg at 21.5 degC, worked by hand."""
    masses = [99.4, 99.6, 99.8, 100.0, 100.2, 99.4, 99.6, 99.8, 100.0, 100.2]
    found = delivered(masses, asked=Microlitres(100.0), water=Celsius(21.5))
    assert float(found.mean) == pytest.approx(100.117, abs=0.001)
    assert float(found.error) == pytest.approx(0.117, abs=0.001)
    assert float(found.spread) == pytest.approx(0.2987, abs=0.0005)


def test_a_balance_that_repeats_to_the_digit_is_judged_by_its_division() -> None:
    """USP <41>: 0.41 divisions are the least; 2 x 0.41 mg of 1000 mg are 0.082 %."""
    assert float(repeatability([5000.0] * 10, division=1.0, smallest=1000.0)) == pytest.approx(0.082)


@pytest.mark.requirement("F150.2", refuses=True)
@pytest.mark.parametrize(
    ("rule", "text", "given", "met", "says"),
    [
        ("gravimetric", "99.6 99.7 99.6 99.7", GIVEN, True, "systematic error -0.0 % meets <= 0.8 %"),
        ("gravimetric", "98.0 98.1 98.0 98.1", GIVEN, False, "systematic error -1.6 % is beyond <= 0.8 %"),
        ("gravimetric", "99.0 100.2 99.0 100.2", GIVEN, False, "coefficient of variation 0.7 % is beyond <= 0.3 %"),
        ("repeatability", "5000 5001 5000 4999", WEIGHED, True, "2 s over 2000 mg 0.08 % meets <= 0.10 %"),
        ("repeatability", "5.000 5.001 5.000 4.999", WEIGHED, False, "5.000 mg is no reading of a weight of 5000 mg"),
        ("about", "-91.9 -88.1 -90.0 -90.0", {"about": "-90 degC", "within": "2.0 K"}, True, "1.9 K meets"),
        ("about", "-91.9 -87.8 -90.0 -90.0", {"about": "-90 degC", "within": "2.0 K"}, False, "2.2 K is beyond"),
    ],
)
def test_a_series_is_judged_by_its_rule(rule: str, text: str, given: dict[str, str], met: bool, says: str) -> None:  # noqa: FBT001  a column
    """Rounded to the decimals of the limit, then compared."""
    found = series.judge(rule, series.readings(text, count=4), given)
    assert (found.met, says in found.sentence) == (met, True)


@pytest.mark.parametrize("text", ["1 2 3", "1 2 3 4 5", "1 2 3 x", "1 2 3 nan", ""])
def test_other_than_so_many_numbers_are_refused(text: str) -> None:
    """Four were asked for."""
    with pytest.raises(InputError, match=r"readings are given|number"):
        series.readings(text, count=4)
    assert series.readings(" 1  2 3\n4 ", count=4) == tuple(map(Decimal, "1234"))


def _run(*, rate: float, hold: float) -> list[Look]:
    """Give a run from 20 to 4 degC and a hold, read every 10 s; the chamber ramps at ``rate`` and holds at ``hold``."""
    ramp = [Look(float(t), 20 - t / 60, 20 - rate * t / 60) for t in range(0, 960, 10)]
    return ramp + [Look(960.0 + t, 4.0, hold) for t in range(0, 600, 10)]


@pytest.mark.requirement("F150.2")
@pytest.mark.parametrize(
    ("rate", "hold", "met"), [(1.0, 4.0, [True, True]), (1.3, 4.0, [False, True]), (1.0, 6.5, [True, False])]
)
def test_a_chamber_is_judged_by_its_rates_and_its_holds(rate: float, hold: float, met: list[bool]) -> None:
    """1 K/min within 0.2, 4 degC within 2 K after 4 min."""
    found = followed(_run(rate=rate, hold=hold), [Leg(4.0, rate=1.0), Leg(4.0, dwell=600.0)], within=WITHIN)
    assert [one.met for one in found] == met


def test_a_program_that_was_not_run_to_its_end_is_not_judged() -> None:
    """The set point never came to -40 degC; nor is a program without holds between its ramps."""
    legs = [Leg(4.0, rate=1.0), Leg(4.0, dwell=600.0), Leg(-40.0, rate=1.0)]
    with pytest.raises(InputError, match="never came to -40 degC"):
        followed(_run(rate=1.0, hold=4.0), legs, within=WITHIN)
    with pytest.raises(InputError, match="take turns"):
        followed([], legs[::2], within=WITHIN)
