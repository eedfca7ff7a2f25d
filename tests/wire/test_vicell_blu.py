"""Result files of a real Vi-CELL BLU, and every way in which one can be wrong; units cells/mL and %."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from automation.kernel.errors import InputError
from instruments.drivers.vicell_blu import wire

FOLDER = Path(__file__).parents[1] / "data" / "cell_counts"
PLAIN = (FOLDER / "vicell_blu_example01.csv").read_bytes()
WIDE = (FOLDER / "vicell_blu_example01_utf16.csv").read_bytes()
REAL = {  # by hand from the file: cells, viable cells, total and viable in cells/mL, viability in %, date
    "CLB001": (2191, 2123, 0.78e6, 0.75e6, 96.9, "2022-03-21T16:56:00"),
    "CLB002": (7670, 7425, 2.72e6, 2.63e6, 96.81, "2022-03-23T15:15:00"),
    "CLB003": (1519, 1494, 0.54e6, 0.53e6, 98.35, "2022-03-23T16:43:00"),
    "CLB005": (3195, 3137, 1.13e6, 1.11e6, 98.18, "2022-03-24T15:10:00"),
    "CLB006": (2493, 2379, 0.88e6, 0.84e6, 95.43, "2022-03-24T09:06:00"),
    "CLB007": (2920, 2842, 1.04e6, 1.01e6, 97.33, "2022-03-24T15:16:00"),
    "CLB009": (5284, 5194, 1.87e6, 1.84e6, 98.3, "2022-03-25T11:16:00"),
    "CLB010": (11360, 9329, 4.03e6, 3.31e6, 82.12, "2022-03-28T10:10:00"),
    "CLB011": (9799, 7061, 3.48e6, 2.51e6, 72.06, "2022-03-28T10:12:00"),
}
HEADER, FIRST, *REST = PLAIN.decode().splitlines(keepends=True)

pytestmark = pytest.mark.requirement("F029", "F163", "F163.1")


def changed(old: str, new: str, *, of: bytes = PLAIN) -> bytes:
    """Give the real file with one thing changed."""
    assert old in of.decode()
    return of.decode().replace(old, new, 1).encode()


@pytest.mark.parametrize("data", [PLAIN, WIDE], ids=["utf-8", "utf-16"])
@pytest.mark.parametrize("sample", REAL)
def test_the_values_are_those_of_the_real_file(data: bytes, sample: str) -> None:
    """Each figure was read off the file by eye."""
    count = {count.sample: count for count in wire.read(data)}[sample]
    cells, viable_cells, total, viable, viability, analysed = REAL[sample]
    assert (count.cells, count.viable_cells, count.analysed_local) == (cells, viable_cells, analysed)
    assert (float(count.total or 0), float(count.viable or 0), float(count.viability or 0)) == (
        total,
        viable,
        viability,
    )
    assert (count.dilution, count.error) == (Decimal(1), "")


def test_a_row_that_the_instrument_marked_stays_an_error() -> None:
    """CLB008 has no counts in one export and has them in the other."""
    marked, counted = wire.read(PLAIN)[6], wire.read(WIDE)[6]
    assert (marked.sample, marked.cells, marked.line) == ("CLB008", None, 8)
    assert marked.error == "the instrument wrote ERROR in Cell count, Viable cells"
    assert (counted.cells, counted.viable_cells, counted.error) == (7001, 6896, "")


@pytest.mark.parametrize("micro", ["\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom"])
def test_both_micro_signs_in_every_encoding_are_one_file(micro: str, encoding: str) -> None:
    """Exports differ in what stands before the m."""
    text = PLAIN.decode().replace("\N{GREEK SMALL LETTER MU}", micro)
    data = b"\xfe\xff" + text.encode("utf-16-be") if encoding == "utf-16-be-bom" else text.encode(encoding)
    assert wire.read(data) == wire.read(PLAIN)


def test_columns_are_found_by_their_names_wherever_they_stand() -> None:
    """Other releases write other orders, and more or fewer columns."""
    rows = [dict(zip(HEADER.strip().split(","), line.strip().split(","), strict=True)) for line in (FIRST, *REST)]
    needed = wire.write([{k: row[k] for k in wire.NEEDED} for row in rows], wire.NEEDED[::-1])
    whole = [replace(count, diameter_um=None, method="") for count in wire.read(PLAIN)]
    assert list(wire.read(needed.encode())) == whole


def test_a_date_stays_open_until_the_file_shows_which_comes_first() -> None:
    """3/4/2022 alone is March or April; beside 3/21/2022 it is March."""
    alone = (HEADER + FIRST.replace("3/21/2022", "3/4/2022")).encode()
    assert wire.read(alone)[0].analysed_local == ""
    assert wire.read(alone)[0].analysed == "3/4/2022 16:56"
    assert wire.read(alone + REST[0].encode())[0].analysed_local == "2022-03-04T16:56:00"
    day_first = (HEADER + FIRST.replace("3/21/2022", "21/3/2022") + REST[0].replace("3/23/2022", "3/4/2022")).encode()
    assert [count.analysed_local[:10] for count in wire.read(day_first)] == ["2022-03-21", "2022-04-03"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "f.csv, line 1: the file is empty", id="empty"),
        pytest.param(HEADER.encode(), "line 1: there is a header and no result", id="no row"),
        pytest.param(PLAIN[:-30], "line 11: the file ends in the middle of a line", id="cut"),
        pytest.param(PLAIN[:-30] + b"\r\n", "line 11: the line ends before column", id="cut at a line end"),
        pytest.param(WIDE[:-1], "line 1.*is not UTF-16", id="cut UTF-16"),
        pytest.param(PLAIN.decode().encode("utf-16-le"), "UTF-16 without its byte order mark", id="no mark"),
        pytest.param(
            changed("(μm)", "(um)").replace(b"(um)", b"(\xb5m)"), "line 1: byte .* is not UTF-8", id="Latin-1"
        ),
        pytest.param(
            changed("Viability (%),", "Vitality,"), r"columns \['Viability \(%\)'\] are missing", id="renamed"
        ),
        pytest.param(changed("Cell count", "Dilution"), "Dilution'] stand twice|are missing", id="double column"),
        pytest.param(PLAIN.replace(b",", b";"), "separated by ';'", id="semicolons"),
        pytest.param(changed(",0.78,", ',"0,78",'), r"line 2, column 'Total .*decimal comma", id="decimal comma"),
        pytest.param(changed(",0.78,", ",0,78,"), "line 2: 34 fields for 33 columns", id="bare decimal comma"),
        pytest.param(
            changed(",2191,2123,", ",2123,2191,"), "line 2, column 'Viable cells': .*swapped", id="swapped counts"
        ),
        pytest.param(
            changed(",0.78,0.75,", ",0.75,0.78,"), "line 2, column 'Viable .*swapped", id="swapped concentrations"
        ),
        pytest.param(changed(",96.9,", ",69.9,"), "line 2, column 'Viability .*does not follow", id="wrong viability"),
        pytest.param(
            changed(",2191,", ",2 191,"), "line 2, column 'Cell count': the field is not a number", id="thousands"
        ),
        pytest.param(changed(",2191,", ",NaN,"), "'Cell count': the field is not a number", id="NaN"),
        pytest.param(changed(",2191,", ",2191.5,"), "not a whole number", id="half a cell"),
        pytest.param(
            changed("CLB002", "CLB001"), "line 3, column 'Sample ID': .*line 2 already", id="duplicate sample"
        ),
        pytest.param(
            changed("CLB001", " "), "line 2, column 'Sample ID': the sample has no identifier", id="no sample"
        ),
        pytest.param(changed("3/21/2022 16:56", "21.03.2022 16:56"), "not a date and time such as", id="other date"),
        pytest.param(
            changed("3/21/2022 16:56", "21/3/2022 16:56"), "line 2.*the day comes first here", id="mixed dates"
        ),
        pytest.param(changed("3/21/2022 16:56", "3/32/2022 16:56"), "the date does not exist", id="no such day"),
        pytest.param(changed("Vi-CELL,,1,", "Vi-CELL,,0,"), "the dilution is not above 0", id="no dilution"),
        pytest.param(changed("CLB001,", '"CLB001,'), "quotes do not match|fields for|ends before", id="open quote"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(data: bytes, message: str) -> None:
    """One clear error names file, line and column."""
    with pytest.raises(InputError, match=message):
        wire.read(data, name="f.csv")
