"""Shelf lives against published worked examples, and what no data carry."""

import pytest

from automation.formulas.stability import Model, Point, ShelfLife, shelf_life
from automation.kernel.errors import InputError

# LeBlond, Griffith and Aubuchon, J. Valid. Technol. 17(3) (2011) 47-68, tables IV, VI and VIII (% of label claim), XIII
_TWICE = (0, 1, 3, 3, 6, 6, 12, 12, 24, 24)
POTENCY = {
    "b2": (_TWICE, (101.0, 101.3, 99.8, 99.2, 99.5, 97.8, 97.4, 97.2, 96.9, 96.0)),
    "b3": ((0, 3, 3, 6, 6, 12, 12, 24, 24), (104.8, 103.0, 101.2, 100.8, 99.2, 98.6, 97.2, 97.6, 98.0)),
    "b4": ((0, 3, 6, 6, 12, 12, 24, 24), (104.0, 103.2, 102.8, 103.3, 102.4, 101.2, 99.1, 99.5)),
    "b5": (
        (0, 1, 2, 3, 3, 6, 6, 12, 12, 24, 24),
        (102.0, 101.4, 100.8, 100.2, 99.7, 98.8, 98.5, 98.0, 97.1, 96.6, 96.1),
    ),
    "b7": (_TWICE, (101.3, 101.5, 100.2, 99.8, 99.0, 98.5, 98.5, 97.4, 96.6, 96.4)),
    "b8": ((0, 3, 6, 12, 12), (101.6, 100.0, 99.0, 97.8, 97.0)),
}
MONTHS = (0, 1, 2, 3, 3, 6, 6, 12, 12, 24, 24)
MOISTURE = {
    "b1": (2.20059, 1.70372, 3.32395, 2.75907, 2.43192, 1.76331, 1.56801, 2.19423, 3.22311, 3.16325, 1.54837),
    "b2": (2.81078, 1.94915, 2.49058, 2.00485, 3.307, 2.99309, 3.30159, 2.72512, 1.88341, 2.77215, 1.69048),
    "b3": (2.45301, 2.16138, 2.26631, 2.12853, 2.51775, 2.31034, 3.36915, 2.3207, 2.72001, 2.19393, 3.45895),
}


def potency(*batches: str) -> ShelfLife:
    """Give the shelf life of batches by potency, at least 95 %."""
    points = [
        Point(batch, float(months), value) for batch in batches for months, value in zip(*POTENCY[batch], strict=True)
    ]
    return shelf_life(points, low=95.0)


def digits(value: float, number: int) -> float:
    """Round to so many digits, as printed."""
    return float(f"{value:.{number}g}")


@pytest.mark.requirement("F149.2")
def test_batches_that_do_not_differ_share_one_line() -> None:
    """Table V and figure 4 of the publication: y = 100.567 - 0.192994 t, 26 months."""
    found = potency("b2", "b5", "b7")
    assert (found.model, found.slopes_p > 0.25, found.intercepts_p > 0.25) == (Model.ONE_LINE, True, True)
    line = found.lines[0]
    assert (digits(line.intercept, 6), digits(line.slope, 6)) == (100.567, -0.192994)
    assert found.crossing == pytest.approx(25.9957631369, abs=5e-5)
    assert found.months == 24.0  # not beyond the data


@pytest.mark.requirement("F149.2")
def test_batches_that_begin_apart_share_a_slope_and_the_worst_one_decides() -> None:
    """Table VII and figure 6: slope -0.213121, intercepts 102.176, 104.255 and 100.82; 23.4 months."""
    found = potency("b3", "b4", "b5")
    assert (found.model, found.limiting) == (Model.ONE_SLOPE, "b5")
    assert [digits(line.intercept, 6) for line in found.lines] == [102.176, 104.255, 100.82]
    assert digits(found.lines[0].slope, 6) == -0.213121
    assert found.crossing == found.months == pytest.approx(23.3972651235, abs=5e-5)


@pytest.mark.requirement("F149.2")
def test_batches_that_change_at_different_rates_have_lines_of_their_own() -> None:
    """Table IX: a line each, 15.84 months by JMP 12; the shortest data end at 12 months, and so does the proposal."""
    found = potency("b4", "b5", "b8")
    assert (found.model, found.limiting, found.months) == (Model.EACH, "b8", 12.0)
    assert [digits(line.intercept, 6) for line in found.lines] == [104.071, 100.782, 101.259]
    assert [digits(line.slope, 6) for line in found.lines] == [-0.196151, -0.208609, -0.330208]
    assert found.crossing == pytest.approx(15.8448655130, abs=5e-5)


@pytest.mark.requirement("F149.2")
def test_two_limits_share_the_risk() -> None:
    """Table XIV and figure 9: moisture between 1.5 and 3.5 %, y = 2.45678 + 0.0022724 t, 45.35 months."""
    points = [
        Point(batch, float(months), value)
        for batch, values in MOISTURE.items()
        for months, value in zip(MONTHS, values, strict=True)
    ]
    found = shelf_life(points, low=1.5, high=3.5)
    assert (found.model, found.months) == (Model.ONE_LINE, 24.0)
    assert digits(found.lines[0].intercept, 6) == 2.45678
    assert found.crossing == pytest.approx(45.3460440833, abs=5e-5)


def line(*values: float) -> list[Point]:
    """Give a batch that was tested every three months."""
    return [Point("B", 3.0 * number, value) for number, value in enumerate(values)]


@pytest.mark.requirement("F149.2", refuses=True)
@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([], "there are no results"),
        (line(90.0, 89.0), "tested at 2 times; a line needs at least 3"),
        ([*line(90.0, 89.0), *line(91.0, 90.0)], "tested at 2 times"),
        ([Point("B", -1.0, 90.0), *line(90.0, 89.0, 88.5)], "before its time zero"),
        (line(90.0, 89.0, 88.0, 87.0), "no result is off its line"),
        (line(90.0, 90.0, 90.0), "no result is off its line"),
    ],
)
def test_data_that_carry_no_shelf_life_are_refused(points: list[Point], why: str) -> None:
    """Too few, before time zero, or without any scatter; and no limit, no shelf life."""
    with pytest.raises(InputError, match=why):
        shelf_life(points, low=70.0)
    with pytest.raises(InputError, match="needs an acceptance limit"):
        shelf_life(line(90.0, 88.0, 87.5))


@pytest.mark.requirement("F149.2")
def test_what_is_out_from_the_start_has_none_and_what_does_not_change_lasts_as_long_as_the_data() -> None:
    """The first has 0 months; the second never meets its limit."""
    assert shelf_life(line(69.0, 68.2, 67.0), low=70.0).months == 0.0
    stable = shelf_life(line(90.0, 91.0, 90.2, 91.1, 90.4, 91.2), low=70.0)
    assert (stable.crossing is None or stable.crossing > 100.0, stable.months) == (True, 15.0)
