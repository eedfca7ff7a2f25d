"""Tolerance intervals beside published numbers."""

import pytest

from automation.formulas.tolerance import band, chi_square, factor, fewest_without_a_distribution, one_sided


@pytest.mark.parametrize(("share", "free", "published"), [(0.05, 2, 0.1026), (0.05, 9, 3.325), (0.01, 42, 23.650)])
def test_quantiles_of_chi_square_are_those_of_the_tables(share: float, free: int, published: float) -> None:
    """NIST/SEMATECH e-Handbook 1.3.6.7.4; the last one stands in 7.2.6.3."""
    assert chi_square(share, free) == pytest.approx(published, rel=5e-4)


def test_the_factor_is_that_of_the_handbooks_example() -> None:
    """NIST/SEMATECH e-Handbook 7.2.6.3: 43 values, 90 % of the population with 99 % confidence."""
    assert factor(43, coverage=0.90, confidence=0.99) == pytest.approx(2.217, abs=5e-4)


@pytest.mark.parametrize(("number", "exact"), [(3, 9.916), (5, 5.079), (10, 3.379), (30, 2.549)])
def test_the_factor_is_near_the_exact_one_and_never_smaller(number: int, exact: float) -> None:
    """ISO 16269-6, 95 % with 95 % confidence; Howe's is at most 1 % wider for so few."""
    assert exact <= factor(number) + 5e-4 < 1.01 * exact


def test_a_band_says_what_it_is() -> None:
    """None of one batch, the range of two, an interval of three; equal values hold themselves."""
    two, three, equal = band([1.0, 3.0]), band([1.0, 2.0, 3.0]), band([6.4, 6.4, 6.4])
    assert band([1.0]) is None
    assert two is not None
    assert (two.low, two.high, two.how) == (1.0, 3.0, "range of 2")
    assert three is not None
    assert three.low == pytest.approx(2 - factor(3))
    assert three.high == pytest.approx(2 + factor(3))
    assert equal is not None
    assert equal.holds(6.4)
    assert not equal.holds(6.5)


@pytest.mark.parametrize(("number", "published"), [(3, 7.656), (10, 2.911), (20, 2.396), (30, 2.220)])
def test_the_factor_of_one_side_is_that_of_the_noncentral_t_distribution(number: int, published: float) -> None:
    """ISO 16269-6, 95 % with 95 % confidence; NIST 7.2.6.3 has 1.8740 for 43 values, 90 % with 99 %."""
    assert one_sided(number) == pytest.approx(published, abs=6e-4)
    assert one_sided(43, coverage=0.90, confidence=0.99) == pytest.approx(1.8740, abs=1e-4)


def test_without_a_distribution_59_values_hold_95_percent_on_one_side_and_93_on_both() -> None:
    """ISO 16269-6 annex on distribution-free intervals: the extremes of the sample themselves."""
    assert (fewest_without_a_distribution(sides=1), fewest_without_a_distribution(sides=2)) == (59, 93)
