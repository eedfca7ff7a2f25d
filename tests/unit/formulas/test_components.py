"""Components of variance: the worked examples of the literature, groups of different size, and what has none."""

import pytest

from automation.formulas.components import Observation, components
from automation.kernel.errors import InputError

# Montgomery, Design and Analysis of Experiments: strength by loom (3.9); purity by supplier and batch (14.1).
LOOMS = ((98, 97, 99, 96), (91, 90, 93, 92), (96, 95, 97, 95), (95, 96, 99, 98))
PURITY = (
    ((1, -1, 0), (-2, -3, -4), (-2, 0, 1), (1, 4, 0)),
    ((1, -2, -3), (0, 4, 2), (-1, 0, -2), (0, 3, 2)),
    ((2, 4, 0), (-2, 0, 2), (1, -1, 2), (3, 2, 1)),
)
STRENGTH = [Observation((str(loom),), value) for loom, values in enumerate(LOOMS) for value in values]
NESTED = [
    Observation((str(supplier), str(batch)), value)
    for supplier, batches in enumerate(PURITY)
    for batch, values in enumerate(batches)
    for value in values
]


def test_components_of_one_level_equal_the_published_example() -> None:
    """Mean squares 29.73 and 1.90, components 6.96 and 1.90."""
    looms, within = components(STRENGTH, ["loom"], fewest=4)
    assert (looms.mean_square, within.mean_square) == pytest.approx((29.73, 1.90), abs=0.005)
    assert (looms.variance, within.variance, looms.share) == pytest.approx((6.96, 1.90, 0.785), abs=0.005)
    assert looms.probability == pytest.approx(0.0002, abs=0.00005)


def test_nested_components_equal_the_published_example() -> None:
    """Suppliers come out below 0 and are 0; batches 1.71 (p 0.02), within 2.64."""
    suppliers, batches, within = components(NESTED, ["supplier", "batch"], fewest=3)
    assert [one.squares for one in (suppliers, batches, within)] == pytest.approx([15.06, 69.92, 63.33], abs=0.005)
    assert [one.variance for one in (suppliers, batches, within)] == pytest.approx([0.0, 1.71, 2.64], abs=0.005)
    assert (suppliers.probability, batches.probability) == pytest.approx((0.42, 0.02), abs=0.005)


def test_groups_of_different_size_have_their_mean_size_and_no_test() -> None:
    """One way: (mean square between - within) / n0, with n0 = (N - sum of n**2 / N) / (k - 1)."""
    seen = STRENGTH[:-2]
    looms, within = components(seen, ["loom"], fewest=4)
    n0 = (14 - (3 * 16 + 4) / 14) / 3
    assert looms.variance == pytest.approx((looms.mean_square - within.mean_square) / n0)
    assert looms.probability is None


@pytest.mark.parametrize(
    ("seen", "levels", "why"),
    [
        (STRENGTH, ["loom"], "4 of loom"),
        ([Observation((str(n),), float(n)) for n in range(9)], ["loom"], "nothing is repeated"),
        ([Observation((str(n), "a"), n + m) for n in range(6) for m in range(2)], ["site", "lot"], "lot says no more"),
        ([Observation((str(n),), 4.0) for n in range(6) for _ in range(2)], ["loom"], "no value differs"),
        (STRENGTH, ["loom", "lot"], "its group at each level"),
    ],
)
def test_what_does_not_carry_components_is_refused(seen: list[Observation], levels: list[str], why: str) -> None:
    """Too few groups, nothing repeated, levels that are the same, nothing that varies."""
    with pytest.raises(InputError, match=why):
        components(seen, levels)
