"""Values that remember their readings."""

import math

import pytest

from automation.formulas.reconciliation import Balance, Line
from automation.formulas.traced import Traced, reading
from automation.kernel.errors import InputError


def test_what_two_values_share_cancels_in_their_difference() -> None:
    """50 +/- 1 that is split into 20 +/- 0.1 and the rest is known to 0.1 in each part, not to 1 in their sum."""
    whole, part = reading("count", 50.0, standard=1.0), reading("weight", 20.0, standard=0.1)
    rest = whole - part
    assert rest.standard == pytest.approx(math.hypot(1.0, 0.1))
    assert (whole - rest).standard == pytest.approx(0.1)
    assert (part + rest - whole).standard == 0.0


def test_products_and_ratios_go_to_first_order() -> None:
    """Relative uncertainties add in quadrature, and a ratio of a value to itself is certain."""
    concentration, volume = reading("count", 2e7, standard=8e5), reading("volume", 50.0, standard=1.5)
    cells = concentration * volume
    assert cells.value == 1e9
    assert cells.standard / cells.value == pytest.approx(math.hypot(0.04, 0.03))
    assert (cells / concentration).standard == pytest.approx(1.5)
    assert (cells / cells).standard == 0.0


@pytest.mark.parametrize(("value", "standard"), [(math.nan, 0.1), (1.0, math.inf), (1.0, -0.1)])
def test_what_is_no_reading_is_refused(value: float, standard: float) -> None:
    """Before it spoils every sum that it enters."""
    with pytest.raises(InputError, match="weight is"):
        reading("weight", value, standard=standard)
    with pytest.raises(InputError, match="other than 0"):
        reading("weight", 1.0) / Traced(0.0)


@pytest.mark.requirement("F024")
def test_a_reading_on_both_sides_of_a_balance_adds_nothing_to_its_uncertainty() -> None:
    """All fills are one count times volumes: only the volumes can disagree."""
    shared = (("count", 4.0),)
    lines = (
        Line("in", 100.0, 4.0, goes_in=True, parts=shared),
        Line("out", 99.0, math.hypot(3.96, 0.5), parts=(("count", 3.96), ("weight", 0.5))),
    )
    assert Balance("cells", "1", lines).expanded == pytest.approx(2 * math.hypot(0.04, 0.5))


def test_rounding_is_no_loss() -> None:
    """Three tenths and one sum to the same amount, whatever the order."""
    lines = (Line("in", 0.3, goes_in=True), Line("out", 0.1), Line("out", 0.2))
    assert Balance("volume", "mL", lines).closes
