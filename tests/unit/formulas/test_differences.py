"""The difference of two means with its interval, against a published example."""

import pytest

from automation.formulas.differences import difference, spread
from automation.kernel.errors import InputError


def group(number: int, mean: float, scatter: float) -> list[float]:
    """Give an odd number of values with exactly this mean and standard deviation."""
    half = number // 2
    return [mean, *[mean + scatter] * half, *[mean - scatter] * half]


AMERICAN = group(249, 20.14458, 6.414700)  # miles a gallon
JAPANESE = group(79, 30.48101, 6.107710)


@pytest.mark.requirement("F154.2")
def test_two_groups_of_unequal_scatter_differ_as_the_handbook_says() -> None:
    """NIST/SEMATECH e-Handbook 1.3.5.3, AUTO83B.DAT: T = -12.94627 with 136.8750 degrees of freedom."""
    found, off = spread(AMERICAN, JAPANESE), difference(AMERICAN, JAPANESE)
    assert -off.value / found.error == pytest.approx(-12.94627, abs=1e-4)
    assert found.free == pytest.approx(136.875, abs=1e-2)
    assert (off.high - off.value) / found.error == pytest.approx(1.9775, abs=1e-3)  # t(0.975; 136.9)


@pytest.mark.parametrize(("first", "match"), [([1.0, 2.0], "each needs at least 3"), ([1.0] * 3, "no value of either")])
def test_what_carries_no_interval_is_refused(first: list[float], match: str) -> None:
    """Two values, or values that do not vary."""
    with pytest.raises(InputError, match=match):
        difference(first, [1.0] * 3)
