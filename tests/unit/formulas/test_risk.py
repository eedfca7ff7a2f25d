"""Risk numbers: every combination of ratings against the published table, which stands here cell by cell in words."""

from itertools import product

import pytest

from automation.formulas.risk import action_priority, rpn
from automation.kernel.errors import InputError

ALL = range(1, 11)
PUBLISHED = """
9-10 8-10 1-10 H
9-10 6-7  1-10 H
9-10 4-5  2-10 H
9-10 4-5  1    M
9-10 2-3  7-10 H
9-10 2-3  5-6  M
9-10 2-3  1-4  L
9-10 1    1-10 L
7-8  8-10 1-10 H
7-8  6-7  2-10 H
7-8  6-7  1    M
7-8  4-5  7-10 H
7-8  4-5  1-6  M
7-8  2-3  5-10 M
7-8  2-3  1-4  L
7-8  1    1-10 L
4-6  8-10 5-10 H
4-6  8-10 1-4  M
4-6  6-7  2-10 M
4-6  6-7  1    L
4-6  4-5  7-10 M
4-6  4-5  1-6  L
4-6  1-3  1-10 L
2-3  8-10 5-10 M
2-3  8-10 1-4  L
2-3  1-7  1-10 L
1    1-10 1-10 L
"""  # severity, occurrence, detection, priority: AIAG & VDA FMEA Handbook 2019, design and process FMEA


def _band(text: str) -> range:
    low, _, high = text.partition("-")
    return range(int(low), int(high or low) + 1)


def _published() -> dict[tuple[int, int, int], str]:
    found: dict[tuple[int, int, int], str] = {}
    for severity, occurrence, detection, letter in (line.split() for line in PUBLISHED.split("\n") if line):
        for cell in product(_band(severity), _band(occurrence), _band(detection)):
            assert cell not in found, cell
            found[cell] = letter
    return found


@pytest.mark.requirement("F141")
def test_the_action_priority_of_all_1000_combinations_is_that_of_the_published_table() -> None:
    """No combination is missing and none stands twice."""
    wanted = _published()
    assert len(wanted) == 1000
    found = {cell: action_priority(severity=cell[0], occurrence=cell[1], detection=cell[2]) for cell in wanted}
    assert {cell: priority[0].upper() for cell, priority in found.items()} == wanted


@pytest.mark.requirement("F141")
def test_the_risk_priority_number_is_the_product_of_the_three_ratings() -> None:
    """From 1 to 1,000."""
    numbers = [rpn(severity=s, occurrence=o, detection=d) for s, o, d in ((1, 1, 1), (10, 10, 10), (7, 3, 5))]
    assert numbers == [1, 1000, 105]


@pytest.mark.parametrize("rating", [0, 11, -1])
def test_a_rating_out_of_its_scale_is_refused_by_name(rating: int) -> None:
    """The error says which one, and what is allowed."""
    with pytest.raises(InputError, match=rf"occurrence is {rating}; 1 to 10 is allowed"):
        action_priority(severity=1, occurrence=rating, detection=1)


def test_no_better_rating_gives_a_more_urgent_priority() -> None:
    """Each of the three, made one worse, never lowers the priority."""
    order = ["low", "medium", "high"]
    for s, o, d in product(range(1, 10), repeat=3):
        here = order.index(action_priority(severity=s, occurrence=o, detection=d))
        for worse in ((s + 1, o, d), (s, o + 1, d), (s, o, d + 1)):
            there = action_priority(severity=worse[0], occurrence=worse[1], detection=worse[2])
            assert order.index(there) >= here
