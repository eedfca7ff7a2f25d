"""Balances of what came in and what is accounted for."""

import pytest

from automation.formulas.reconciliation import Balance, Line


def a_balance(found: float) -> Balance:
    """Give a balance of 100 mL that came in, 2 mL of samples, and what was found in the end."""
    lines = (
        Line("received", 100.0, 0.3, goes_in=True),
        Line("samples", 2.0, 0.0),
        Line("filled", found, 0.4),
    )
    return Balance("volume", "mL", lines)


@pytest.mark.requirement("F024")
def test_a_balance_closes_within_its_expanded_uncertainty() -> None:
    """Twice the root of the sum of squares: 2 x 0.5 mL here."""
    near, far = a_balance(97.1), a_balance(96.9)
    assert near.expanded == pytest.approx(1.0)
    assert near.unaccounted == pytest.approx(0.9)
    assert near.closes
    assert not far.closes
    assert far.share == pytest.approx(1.1)


def test_more_than_came_in_is_unaccounted_for_too() -> None:
    """A surplus is as wrong as a loss."""
    assert a_balance(99.5).unaccounted == pytest.approx(-1.5)
    assert not a_balance(99.5).closes
