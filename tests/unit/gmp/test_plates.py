"""Plates: what they say of a sample, and everything that makes a run say nothing."""

from decimal import Decimal

import pytest

from automation.gmp.bodies.plates import NOT_EVALUABLE, Layout, Level, check_layout
from automation.gmp.plates import evaluate
from automation.kernel.errors import InputError
from instruments.drivers.plate_csv import wire
from tests.support.plates import DOSES, STANDARDS, file, layout, relative, signals

PLAN = layout()


def test_a_sample_is_read_back_from_the_curve_times_its_dilution() -> None:
    """1500 pg/mL in four dilutions come out, with the figures behind."""
    found = evaluate(PLAN, signals(PLAN, {"C": 1500.0}))
    assert (found.value, found.failures) == ("1500", ())
    assert "1 in 8: 1500 pg/mL" in found.figures


def test_a_sample_below_quantitation_is_below_it_and_never_zero() -> None:
    """31.2 pg/mL on the curve in the least dilution are 62.4, and never rounded down to 62."""
    assert evaluate(PLAN, signals(PLAN, {"C": 20.0})).value == "<63"


@pytest.mark.requirement("F036.2")
def test_a_shift_of_parallel_curves_is_the_relative_potency_with_its_interval() -> None:
    """A sample of 0.7 times the standard is 70 %, and the truth lies in the interval."""
    plan = relative()
    found = evaluate(plan, signals(plan, {"C": 0.7}))
    assert (found.value, found.failures) == ("70", ())
    assert "potency 70.0 % (67.6 to 72.5, 95 %)" in found.figures


@pytest.mark.requirement("F036.2", refuses=True)
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"A12": "0.3"}, "blank A12"),
        ({"A5": "1.4"}, "CV at 125"),
        ({"C1": "1.4"}, "CV at 1 in 2"),
        ({"A4": "0.9", "B4": "0.9"}, "R2 is"),
        ({"A3": "0.35", "B3": "0.36"}, "standard 31.2 is read back"),
        ({"C5": "1.5", "C6": "1.5"}, "dilutions of the sample"),
        ({f"C{n}": "2.9" for n in range(1, 9)}, "dilute it further"),
    ],
)
def test_a_run_that_does_not_meet_a_criterion_is_not_evaluable(changed: dict[str, str], why: str) -> None:
    """No number comes out, and each failure is named."""
    read = signals(PLAN, {"C": 1500.0}) | {well: Decimal(text) for well, text in changed.items()}
    found = evaluate(PLAN, read)
    assert found.value == NOT_EVALUABLE
    assert any(why in line for line in found.failures), found.failures


@pytest.mark.requirement("F036.2", refuses=True)
def test_curves_that_are_not_shown_parallel_have_no_potency() -> None:
    """Seven tenths of the range is another preparation; no potency is shown."""
    plan = relative()
    read = signals(plan, {"C": 1.0})
    part = {well: (value * Decimal("0.7") if well[0] in "CD" else value) for well, value in read.items()}
    found = evaluate(plan, part)
    assert found.value == NOT_EVALUABLE
    assert any("not shown parallel" in line for line in found.failures)
    assert not any(line.startswith("potency") for line in found.figures)


def test_wells_that_are_missing_or_not_of_the_layout_are_refused() -> None:
    """Nobody leaves out a replicate."""
    read = signals(PLAN, {"C": 1500.0})
    for wrong, why in (("A5", "A5 missing"), ("C2", "only C1 came")):
        with pytest.raises(InputError, match=why):
            evaluate(PLAN, {well: value for well, value in read.items() if well != wrong})
    with pytest.raises(InputError, match="H12 not part"):
        evaluate(PLAN, read | {"H12": Decimal(1)})


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (layout(loq=20.0), "limit of quantitation"),
        (layout(blanks=("A1", "B12")), "A1 holds two"),
        (layout(blanks=("A13", "B12")), "no well of 96"),
        (layout(standards=(*STANDARDS, Level(dose=DOSES[1], wells=("H1", "H2")))), "stands twice"),
        (relative().model_copy(update={"unit": "pg/mL"}), "relative potency is in"),
        (relative().model_copy(update={"ratio_low": 0.0}), "margins of parallelism"),
    ],
)
def test_a_layout_that_judges_nothing_is_refused(plan: Layout, why: str) -> None:
    """Before anybody can approve it."""
    with pytest.raises(InputError, match=why):
        check_layout(plan, where="here")


@pytest.mark.requirement("F035.2")
def test_a_list_of_wells_comes_in_with_what_each_well_holds() -> None:
    """Plate, well, content, sample and signal as written."""
    rows = wire.read(file(PLAN, {"C": 1500.0, "D": 90.0}, {"C": "QC-1", "D": "QC-9"}))
    assert len(rows) == 34
    assert {(one.content, one.sample) for one in rows} == {
        ("standard", ""),
        ("blank", ""),
        ("sample", "QC-1"),
        ("sample", "QC-9"),
    }
    assert {(one.plate, one.unit) for one in rows} == {("P-17", "OD")}


@pytest.mark.requirement("F035.2", refuses=True)
@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b",A1,", b",A13,", "no well of 96"),
        (b",A2,", b",A1,", "in line"),
        (b",standard,,", b",calibrator,,", "none of standard"),
        (b",standard,,", b",standard,QC-1,", "of no sample"),
        (b",QC-1,", b",,", "no identifier"),
        (b"P-17,B12", b"P-18,B12", "of one plate"),
        (b"0.05,OD", b"OVER,OD", "not a number"),
        (b"OD,2026-01-05T09:21\n", b"OD,yesterday\n", "no moment"),
    ],
)
def test_a_list_of_wells_that_is_not_understood_is_refused(old: bytes, new: bytes, why: str) -> None:
    """The whole file, with line and column; ``yesterday`` stands in every line."""
    data = file(PLAN, {"C": 1500.0}, {"C": "QC-1"})
    data = data.replace(old, new) if new.endswith(b"yesterday\n") else data.replace(old, new, 1)
    with pytest.raises(InputError, match=why):
        wire.read(data)
