"""A quantity is read with its unit or refused with what to write instead."""

import math

import pytest

from automation.kernel import units
from automation.kernel.errors import InputError
from automation.kernel.quantity import (
    UNITS,
    Cells,
    Celsius,
    Kelvin,
    KelvinPerMinute,
    Millilitres,
    Seconds,
    finite,
    read,
    text,
)

READ = [
    ("10 mL", Millilitres, 10.0),
    (" 0.5  L ", Millilitres, 500.0),
    ("2 dL", Millilitres, 200.0),
    ("-40 degC", Celsius, -40.0),
    ("233.15 K", Celsius, -40.0),
    ("-40 °C", Celsius, -40.0),
    ("2 K", Kelvin, 2.0),
    ("500 mK", Kelvin, 0.5),
    ("1 K/min", KelvinPerMinute, 1.0),
    ("60 K/h", KelvinPerMinute, 1.0),
    ("1e6 cells", Cells, 1e6),
    ("1.1 h", Seconds, 3960.0),
    ("2 week", Seconds, 1_209_600.0),
]
REFUSED = [
    (10, Millilitres, "volume is 10 without a unit; write for example '10 mL'"),
    ("10", Millilitres, "volume is '10' without a unit; write for example '10 mL'"),
    ("10", Seconds, "volume is '10' without a unit; write for example '10 min'"),
    ("10", Celsius, "volume is '10' without a unit; write for example '-40 degC'"),
    ("1,5 mL", Millilitres, "volume is '1,5 mL': write the decimal point as '.', not ',', for example '10 mL'"),
    ("ten mL", Millilitres, "volume is 'ten mL'; a number, a space and a unit are needed, for example '10 mL'"),
    ("nan mL", Millilitres, "volume is 'nan mL'; a finite number is needed, for example '10 mL'"),
    ("1e308 L", Millilitres, "volume is inf; a finite number is needed"),
    ("1 g", Millilitres, "volume is in 'g' (another dimension); mL or a unit of the same dimension is needed"),
    (
        "1 wug",
        Millilitres,
        "volume is in 'wug' (a unit that is not known); mL or a unit of the same dimension is needed",
    ),
    (
        "1 °C",
        Kelvin,
        "volume is in '°C' (a point on a scale, not a difference); K or a unit of the same dimension is needed",
    ),
    (
        "1 degC",
        Kelvin,
        "volume is in 'degC' (a point on a scale, not a difference); K or a unit of the same dimension is needed",
    ),
]


@pytest.mark.parametrize(("written", "unit", "value"), READ)
def test_a_quantity_is_read_in_the_unit_of_its_type(written: str, unit: object, value: float) -> None:
    """Whatever unit of the same dimension it is written in."""
    assert read(written, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(("written", "unit", "said"), REFUSED)
def test_what_is_no_quantity_is_refused_with_what_to_write(written: object, unit: object, said: str) -> None:
    """Field, value, what is allowed, where."""
    with pytest.raises(InputError) as refused:
        read(written, unit, what="volume", where="recipe line 3")
    assert said in str(refused.value)
    if "inf;" not in said:
        assert refused.value.where == "recipe line 3"


def test_a_value_without_a_name_is_called_value() -> None:
    """The shortest call still says what is wrong."""
    with pytest.raises(InputError, match=r"^value is inf; a finite number is needed$"):
        finite(math.inf)
    with pytest.raises(InputError, match=r"^value is 3 without a unit"):
        read(3, Seconds)
    assert finite(1.5) == 1.5


def test_a_quantity_is_written_with_its_unit() -> None:
    """With ten digits, or as many decimals as are asked for."""
    assert [text(-40.0, Celsius), text(1 / 3, Millilitres), text(2.0, Seconds, decimals=2)] == [
        "-40 degC",
        "0.3333333333 mL",
        "2.00 s",
    ]


@pytest.mark.parametrize("unit", UNITS.values())
def test_every_unit_of_ours_is_read_as_itself(unit: str) -> None:
    """The example in a refusal can be copied."""
    kind = next(kind for kind, symbol in UNITS.items() if symbol == unit)
    assert read(f"3 {unit}", kind) == 3.0


@pytest.mark.parametrize(
    ("given", "wanted", "problem"),
    [
        ("cells", "cells", ""),
        ("cells", "beads", "another dimension"),
        ("IU/mL", "TU/mL", "another dimension"),
        ("xg", "g", "another dimension"),
        ("degC", "K", ""),
        ("mL**-1", "1/L", ""),
        ("2 mL", "mL", "a unit that is not known"),
        ("mL mL mL mL mL mL mL", "mL", "a unit that is not known"),
    ],
)
def test_what_is_counted_is_not_taken_for_something_else(given: str, wanted: str, problem: str) -> None:
    """Cells, beads, two kinds of units and the field of a centrifuge are dimensions of their own."""
    assert units.problem(given, wanted) == problem
