"""Washing calculations against worked examples: washout, repeated dilution, volumes by weight."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.formulas.calculations import catalogue, work_out
from automation.formulas.washing import batch_residual, continuous_residual, weighed_volume
from automation.kernel.errors import InputError
from automation.kernel.quantity import Grams, GramsPerMillilitre, Millilitres, Percent


@pytest.mark.parametrize(("turns", "percent"), [(0.0, 100.0), (1.0, 36.788), (4.605, 1.0), (6.908, 0.1)])
def test_each_chamber_volume_leaves_a_share_of_1_over_e(turns: float, percent: float) -> None:
    """99 % takes 4.6 and 99.9 % takes 6.9 chamber volumes, as textbooks of mixed flow have it."""
    residual = continuous_residual(buffer=Millilitres(10.0 * turns), chamber=Millilitres(10.0))
    assert float(residual) == pytest.approx(percent, rel=1e-3)


@pytest.mark.parametrize(("cycles", "percent"), [(1, 10.0), (2, 1.0), (3, 0.1)])
def test_each_cycle_of_1_in_10_leaves_a_tenth(cycles: int, percent: float) -> None:
    """10 mL of pellet and 90 mL of buffer, again and again."""
    residual = batch_residual(buffer=Millilitres(90.0 * cycles), left=Millilitres(10.0), cycles=cycles)
    assert float(residual) == pytest.approx(percent)


@given(st.floats(0.0, 1000.0), st.integers(1, 20))
@settings(derandomize=True)
def test_flow_washes_better_than_any_number_of_cycles_with_as_much_buffer(buffer: float, cycles: int) -> None:
    """Continuous washout is the limit of many small dilutions, and its residual is the least."""
    flow = continuous_residual(buffer=Millilitres(buffer), chamber=Millilitres(10.0))
    spun = batch_residual(buffer=Millilitres(buffer), left=Millilitres(10.0), cycles=cycles)
    assert float(flow) <= float(spun) + 1e-9


def test_no_wash_is_calculated_from_what_is_no_volume() -> None:
    """Zero, negative and NaN are named, with what is needed."""
    for chamber in (0.0, -1.0, math.nan):
        with pytest.raises(InputError, match="chamber is"):
            continuous_residual(buffer=Millilitres(10.0), chamber=Millilitres(chamber))
    with pytest.raises(InputError, match="buffer is"):
        batch_residual(buffer=Millilitres(-1.0), left=Millilitres(10.0), cycles=1)
    with pytest.raises(InputError, match="at least 1"):
        batch_residual(buffer=Millilitres(1.0), left=Millilitres(10.0), cycles=0)


def test_the_volume_between_two_weighings_carries_both_and_the_density() -> None:
    """20.1 g of 1.005 g/mL are 20 mL; two weighings of 0.05 g and 0.3 % of density give 0.09 mL."""
    found = weighed_volume(
        Grams(38.1), Grams(18.0), standard=Grams(0.05), density=GramsPerMillilitre(1.005), density_share=Percent(0.3)
    )
    assert found.value == pytest.approx(20.0)
    assert found.standard == pytest.approx(math.hypot(0.05 * math.sqrt(2.0) / 1.005, 0.06), rel=1e-6)
    with pytest.raises(InputError, match="finite"):
        weighed_volume(
            Grams(math.inf),
            Grams(18.0),
            standard=Grams(0.05),
            density=GramsPerMillilitre(1.0),
            density_share=Percent(0.3),
        )


def test_the_residuals_show_their_working() -> None:
    """They stand in the catalogue of calculations, with formula and source."""
    working = work_out("continuous_residual", {"buffer": "100 mL", "chamber": "10 mL"})
    assert float(working.result.value) == pytest.approx(0.00454, rel=1e-3)
    assert {"continuous_residual", "batch_residual"} <= set(catalogue())
