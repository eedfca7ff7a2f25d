"""Counts and their uncertainty against values worked out by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.formulas import counts, uncertainty
from automation.formulas.counts import Count, Systematic
from automation.formulas.uncertainty import Uncertain
from automation.formulas.working import CALCULATIONS, work_out
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, CellsPerMillilitre, Millilitres, Percent

EXACT = Systematic(0.0, 0.0)


def per_ml(value: float) -> CellsPerMillilitre:
    """A concentration."""
    return CellsPerMillilitre(value)


@pytest.mark.requirement("F029", "F033")
def test_duplicates_are_compared_with_their_mean() -> None:
    """2.0 and 2.2 million differ by 0.2 of 2.1."""
    assert float(counts.duplicate_difference(per_ml(2.0e6), per_ml(2.2e6))) == pytest.approx(100 * 0.2 / 2.1)
    assert counts.duplicate_difference(per_ml(0.0), per_ml(0.0)) == Percent(0.0)


def test_counting_alone_gives_the_uncertainty_of_equal_duplicates() -> None:
    """Two counts of 200 cells each are 400 cells: 5 %."""
    mean = counts.mean_concentration((Count(per_ml(1e6), 200), Count(per_ml(1e6), 200)), EXACT)
    assert mean.value == pytest.approx(1e6)
    assert mean.standard == pytest.approx(5e4)


def test_repeats_that_differ_more_than_counting_allows_decide() -> None:
    """1.0 and 1.4 million: the standard error is half their difference, 0.2 million."""
    mean = counts.mean_concentration((Count(per_ml(1.0e6), 10**6), Count(per_ml(1.4e6), 10**6)), EXACT)
    assert mean.standard == pytest.approx(2e5)


def test_dilution_and_volume_are_not_averaged_away() -> None:
    """3 % and 4 % give 5 % however often one counts."""
    mean = counts.mean_concentration((Count(per_ml(1e6), 10**12),) * 9, Systematic(0.03, 0.04))
    assert mean.relative == pytest.approx(0.05)


@pytest.mark.requirement("F034", refuses=True)
def test_viability_needs_cells() -> None:
    """90 live of 100 are 90 %; of nothing there is no share."""
    assert counts.viability(Cells(90.0), Cells(10.0)) == Percent(90.0)
    with pytest.raises(InputError, match="not both 0"):
        counts.viability(Cells(0.0), Cells(0.0))


def test_a_haemocytometer_square_holds_a_ten_thousandth_of_a_millilitre() -> None:
    """200 cells in 4 squares at 1:2 are one million per mL."""
    assert counts.haemocytometer(cells=200, squares=4, dilution=2.0) == per_ml(1.0e6)


def test_400_cells_give_5_percent() -> None:
    """The published rule of thumb."""
    assert counts.counting_precision(400) == Percent(5.0)


def test_the_dose_is_the_positive_viable_cells_in_the_volume() -> None:
    """30 % of 1e7 per mL in 20 mL are 6e7."""
    assert counts.dose(Percent(30.0), per_ml(1e7), Millilitres(20.0)) == Cells(6e7)


def test_total_cells_carry_the_uncertainty_of_the_volume() -> None:
    """3 % of the count and 4 % of the volume are 5 % of the total."""
    total = counts.total_with_uncertainty(Uncertain(1e6, 3e4), Millilitres(20.0), volume_uncertainty=0.04)
    assert total.value == pytest.approx(2e7)
    assert total.relative == pytest.approx(0.05)


def test_the_working_shows_formula_inputs_units_and_source() -> None:
    """What a second person needs to check a calculation."""
    working = work_out("dose", {"positive": "30 %", "viable": "1e7 cells/mL", "volume": "20 mL"})
    assert working.result.value == pytest.approx(6e7)
    assert [str(term) for term in working.inputs] == ["positive = 30 %", "viable = 10000000 cells/mL", "volume = 20 mL"]
    assert working.lines()[0] == "dose = positive / 100 * viable * volume"


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [
        ("dosis", {}, "no calculation"),
        ("dose", {"positive": "30 %"}, "lacks 'viable'"),
        ("counting_precision", {"cells": "400", "moon": "1"}, "does not know 'moon'"),
        ("counting_precision", {"cells": "many"}, "whole number"),
        ("percent_yield", {"actual": "nan", "theoretical": "1"}, "finite"),
        ("dose", {"positive": "30", "viable": "1e7 cells/mL", "volume": "20 mL"}, "without a unit"),
    ],
)
def test_a_calculation_refuses_what_it_can_not_read(name: str, inputs: dict[str, str], message: str) -> None:
    """The error names the input and what is allowed."""
    with pytest.raises(InputError, match=message):
        work_out(name, inputs)


def test_every_calculation_names_formula_source_and_effect() -> None:
    """Nothing is shown without saying where it comes from."""
    assert all(one.formula and one.source and one.help for one in CALCULATIONS.values())


@given(st.floats(1.0, 1e9), st.floats(1.0, 1e9), st.floats(0.0, 0.5), st.floats(0.0, 0.5))
@settings(derandomize=True)
def test_ratios_and_products_share_their_relative_uncertainty(a: float, b: float, u: float, v: float) -> None:
    """Relative uncertainties add in quadrature, whichever way the values combine."""
    one, two = uncertainty.relative(a, u), uncertainty.relative(b, v)
    assert uncertainty.product(one, two).relative == pytest.approx(uncertainty.ratio(one, two).relative)


def test_sums_and_differences_add_in_quadrature() -> None:
    """3 and 4 are 5."""
    one, two = Uncertain(10.0, 3.0), Uncertain(4.0, 4.0)
    assert uncertainty.total(one, two) == Uncertain(14.0, 5.0)
    assert uncertainty.difference(one, two) == Uncertain(6.0, 5.0)
    assert one.expanded() == 6.0
