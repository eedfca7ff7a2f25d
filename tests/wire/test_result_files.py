"""Result files of real instruments against what an independent program reads in them (``tests/data/golden``)."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypedDict, cast

import pytest

from instruments.drivers.readers import Reader
from instruments.interfaces.results import CountRow, MeasurementRow, Row

DATA = Path(__file__).parents[1] / "data"
READERS = {entry.name: entry for entry in entry_points(group="cellwright.readers")}
FIELDS = ("viability", "total", "viable", "dead", "cells", "viable_cells", "diameter_um", "dilution")
FACTORS = {("mg/L", "g/L"): 1e-3}
RANGE = -0.0  # what the referee writes for a result below the range of its test
OTHERS_UNIT = {"LDH", "optical density"}  # the referee changes the unit of these

Golden = Mapping[str, str | float]


class Values(TypedDict):
    """What the referee gave."""

    made_by: str
    files: dict[str, list[Golden]]


GOLDEN = cast("Values", json.loads((DATA / "golden" / "allotropy.json").read_text()))["files"]
COUNTS = [name for name, rows in GOLDEN.items() if "viability" in rows[0]]
MEASURED = [name for name in GOLDEN if name not in COUNTS]

pytestmark = pytest.mark.requirement("F029", "F163", "F163.1")


def rows_of(name: str) -> Sequence[Row]:
    """Read a real file with the one reader that claims it."""
    [path] = DATA.rglob(name)
    data = path.read_bytes()
    readers = [cast("Reader", entry.load()) for entry in READERS.values()]
    [reader] = [one for one in readers if one.claims(data)]
    return reader.read(data, name=name)


@pytest.mark.parametrize("name", COUNTS)
def test_every_figure_of_a_count_is_the_referees(name: str) -> None:
    """Row by row, every field that both have, to the last digit written."""
    rows, golden = rows_of(name), GOLDEN[name]
    assert [row.sample for row in rows] == [one["sample"] for one in golden]
    for row, one in zip(rows, golden, strict=True):
        left_out = "dilution" if any("'DILUTION FACTOR' is not used" in flag for flag in row.flags) else ""
        named = [field for field in FIELDS if field in one and field != left_out]
        ours = {field: float(value) for field in named if (value := getattr(row, field)) is not None}
        assert ours == pytest.approx({field: float(one[field]) for field in named}, rel=1e-12), row.line


@pytest.mark.parametrize("name", [name for name in COUNTS if not name.startswith("nc_view")])
def test_the_time_of_a_count_is_the_referees(name: str) -> None:
    """The clock of the instrument, with an offset only where the file states one."""
    for row, one in zip(rows_of(name), GOLDEN[name], strict=True):
        said = str(one["time"])
        assert row.analysed_local in {said, said.removesuffix("+00:00")}


@pytest.mark.parametrize("name", MEASURED)
def test_every_measurement_of_the_referee_is_ours(name: str) -> None:
    """By sample and test; what lies below the range of a test is a bound with us and never a number."""
    ours = {(row.sample, row.method): row for row in rows_of(name) if isinstance(row, MeasurementRow)}
    by_name = {(row.sample, row.quantity): row for row in ours.values()}
    values = [one for one in GOLDEN[name] if "value" in one]
    for one in values:
        key = (str(one["sample"]), str(one["code"] or one["quantity"]))
        row = ours.get(key) or by_name[key]
        if str(one["value"]) == str(RANGE):
            assert (row.value, row.bound) == (None, "<"), key
        elif row.quantity not in OTHERS_UNIT:
            assert row.value is not None
            factor = FACTORS.get((row.unit, str(one["unit"])), 1.0)
            assert float(row.value) * factor == pytest.approx(float(one["value"]), rel=1e-9), key


@pytest.mark.parametrize("name", MEASURED)
def test_no_measurement_of_a_file_is_lost(name: str) -> None:
    """As many rows as the file has lines, or filled columns."""
    [path] = DATA.rglob(name)
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = len(lines) - 1 if name.startswith("cedex") else 18
    assert len(rows_of(name)) == expected


def test_what_the_referee_turns_into_another_unit_is_as_in_the_file() -> None:
    """Enzyme activity stays U/L, and a dimensionless density has no unit."""
    rows = [row for row in rows_of("cedex_bioht_example01.txt") if isinstance(row, MeasurementRow)]
    found = {(row.sample, row.quantity): (str(row.value), row.unit) for row in rows}
    assert found["SMPL1", "LDH"] == ("88.09", "U/L")
    assert found["SMPL4", "LDH"] == ("334.84", "U/L")
    assert found["SMPL1", "optical density"] == ("6.32", "1")


def test_a_figure_outside_the_range_of_its_test_is_marked() -> None:
    """The instrument wrote a number and that it lies below its range: nobody may take it as a result."""
    rows = rows_of("cedex_bioht_example01.txt")
    [row] = [row for row in rows if row.method == "ODB" and row.sample == "SMPL2"]
    assert (row.flags, row.error) == (("< TEST RNG",), "it lies outside the range of the test")


def test_a_warning_of_the_instrument_stays_with_its_count() -> None:
    """The figures count; what the instrument noted is there to be judged."""
    rows = rows_of("nc_view_example.csv")
    assert [row.line for row in rows if row.flags == ("Foreign object detected",)] == [9, 12]
    assert all(isinstance(row, CountRow) and row.total and not row.error for row in rows)


def test_what_a_file_does_not_say_is_none() -> None:
    """Never 0 and never a guess."""
    [count] = [row for row in rows_of("nucleoview_example01.csv") if isinstance(row, CountRow)]
    assert (count.cells, count.viable_cells) == (None, None)
    first = rows_of("nc_view_example.csv")[0]
    assert (first.analysed, first.analysed_local) == ("", "")
    [glucose] = [r for r in rows_of("flex2_sample_results.csv") if isinstance(r, MeasurementRow) and r.method == "Gluc"]
    assert not glucose.unit_stated
