"""Batches of two sites tested for equivalence, result by result."""

import pytest

from automation.kernel.errors import InputError
from automation.surfaces.documents.comparison import page
from automation.views.comparison import Classes, Comparison, Kind, Role, Side, compare
from automation.views.equivalence import Margin, equivalences, margin_of

pytestmark = pytest.mark.requirement("F093", "C08")
SENT, RECEIVED = (90.1, 91.2, 89.7, 90.6), (90.9, 91.5, 90.2, 90.8)


def compared(*, sent: int = 4, received: int = 4) -> Comparison:
    """Compare batches of a sending and a receiving site by one result."""
    sides = [
        Side(f"{role}-{number}", role, "freeze-day 1", "site", True, "complete",
             {(Kind.RESULT, "count.viability"): (value, "%")}, {})
        for role, values in ((Role.SENDING, SENT[:sent]), (Role.RECEIVING, RECEIVED[:received]))
        for number, value in enumerate(values)
    ]  # fmt: skip
    return compare(sides, Classes())


@pytest.mark.requirement("C09.1")
def test_a_result_is_equivalent_when_its_whole_interval_lies_within_the_margin() -> None:
    """Means 90.4 and 90.85: within 2 %, and not within 0.5 %, which is no proof of a difference."""
    wide, narrow = (equivalences(compared(), [margin_of(f"count.viability={text}")])[0] for text in ("2 %", "0.5 %"))
    assert wide.test is not None
    assert wide.test.difference == pytest.approx(0.45)
    assert "equivalent; 90 % interval" in wide.sentence
    assert "not shown to be equivalent" in narrow.sentence


@pytest.mark.requirement("F093", "C09.1", refuses=True)
def test_too_few_batches_are_not_tested_and_say_so() -> None:
    """Two received: the test is refused, with the numbers."""
    (found,) = equivalences(compared(received=2), [Margin("count.viability", 2.0, "%")])
    assert (found.test, "groups of 4 and 2" in found.sentence) == (None, True)


def test_the_page_says_what_was_tested_and_without_a_margin_that_nothing_was() -> None:
    """No conclusion comes of a comparison alone."""
    found = compared()
    tested = equivalences(found, [Margin("count.viability", 2.0, "%")])
    assert b"count.viability: equivalent" in page(found, tested)
    assert b"draws no conclusion" in page(found)
    assert b"draws no conclusion" not in page(found, tested)


@pytest.mark.requirement("F093", "C08", refuses=True)
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("count.viability", "write STEP.NAME=VALUE UNIT"),
        ("count.viabilty=2 %", "did you mean 'count.viability'"),
        ("count.viability=2 mL", "is in mL; its values are in %"),
        ("count.viability=a lot", "a lot"),
    ],
)
def test_a_margin_that_fits_no_result_is_refused(text: str, why: str) -> None:
    """By name, by unit, or because it is none."""
    with pytest.raises(InputError, match=why):
        equivalences(compared(), [margin_of(text)])
