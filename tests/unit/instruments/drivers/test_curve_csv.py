"""Curves as comma-separated text: read by header, refused with line numbers, judged like any other curve."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.formulas.curves import Point, good_points
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Seconds
from instruments.drivers.curve_csv.wire import read
from tests.unit.formulas.bag import BAG_20, COMP, points


def test_columns_are_found_by_name_and_unit_in_any_order() -> None:
    """Other columns are left alone, comments before the header skipped."""
    text = "# run 7\nremark;Sample (°C);time [min];Chamber_degC\nx;5;0;4.0\ny;4.5;0.5;3.5\n"
    assert read(text) == (
        Point(Seconds(0.0), Celsius(4.0), Celsius(5.0)),
        Point(Seconds(30.0), Celsius(3.5), Celsius(4.5)),
    )


def test_a_fault_of_the_sensor_is_no_number() -> None:
    """Missing, open and the overload value of a logger are faults."""
    seen = read("time/s,chamber/degC,sample/degC\n0,4,\n1,4,OPEN\n2,4,9.9E37\n3,4,nan\n4,4,-1.5\n")
    assert [point.sample for point in seen] == [None, None, None, None, Celsius(-1.5)]
    assert len(good_points(seen)) == 1


def test_date_and_time_become_seconds_across_a_change_of_clocks() -> None:
    """With offsets, the night of the change has no jump."""
    seen = read("Time,product C\n2026-03-29T01:59:00+01:00,5\n2026-03-29T03:00:00+02:00,4\n")
    assert [point.at for point in seen] == [Seconds(0.0), Seconds(60.0)]
    assert [point.chamber for point in seen] == [None, None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"^f:1: .*no header"),
        ("time/s,sample/degC\n", r"^f:1: .*no reading"),
        ("time/s,chamber/degC\n0,1\n", r"^f:1: no column sample"),
        ("time,sample/degC\n0,1\n", r"^f:2: .*unit in the header"),
        ("time/s,sample\n0,1\n", r"^f:1: the sample column has no unit"),
        ("time/s,sample/K\n0,1\n", r"^f:1: .*another unit; degC"),
        ("time/s,sample/degC,product/degC\n0,1,1\n", r"^f:1: two columns are the sample"),
        ("time/s;sample/degC\n0;1,5\n", r"^f:2: .*decimal point"),
        ("time/s,sample/degC\n0,1,5\n", r"^f:2: 3 values under 2 columns"),
        ("time/s,sample/degC\n0\n", r"^f:2: .*has 1 columns"),
        ("time/s,sample/degC\n0,1\n\n0,1\n", r"^f:4: .*has to increase"),
        ("time/s,sample/degC\n0,cold\n", r"^f:2: .*a number is needed"),
        ("time/s,sample/degC\n0,-300\n", r"^f:2: .*possible"),
        ("time/s,sample/degC\n0,inf\n", r"^f:2: .*finite"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(text: str, message: str) -> None:
    """One error that names the line."""
    with pytest.raises(InputError, match=message):
        read(text, name="f")


def test_a_curve_that_was_written_is_read_back() -> None:
    """The whole reference run, to a hundredth of a degree."""
    curve = points(COMP, BAG_20, every=10)
    lines = [f"{p.at:g},{p.chamber:.2f},{p.sample:.2f}" for p in curve]
    seen = read("time [s],chamber [degC],sample [degC]\n" + "\n".join(lines))
    assert [point.at for point in seen] == [point.at for point in curve]
    assert seen[100].sample == pytest.approx(float(curve[100].sample or 0.0), abs=0.005)


@given(st.text(alphabet="time/s,sample/degC\n0123456789.-;\t\"'# ", max_size=80))
@settings(derandomize=True)
def test_any_text_is_a_curve_or_refused(text: str) -> None:
    """The reader never breaks."""
    try:
        seen = read(text, name="f")
    except InputError as error:
        seen = ()
        where = error.where
    else:
        where = "f"
    assert where.startswith("f")
    assert all(one.at >= Seconds(0.0) for one in seen)
