"""Files with the columns of the Countess 3 guide: what they say is read, what they leave open is no figure."""

from pathlib import Path

import pytest

from automation.kernel.errors import InputError
from instruments.drivers.countess.wire import NEEDED, READER

FILE = Path(__file__).parents[1] / "data" / "cell_counts" / "countess_made_by_hand.csv"
DATA = FILE.read_bytes()

pytestmark = pytest.mark.requirement("F029", "F163", "F163.2")


def test_a_row_that_says_what_it_means_is_read_to_its_last_digit() -> None:
    """Concentrations in cells/mL, counts, viability, size; the date as written."""
    one, two, *_ = READER.read(DATA, name="r")
    assert READER.claims(DATA)
    assert (one.sample, one.analysed, one.method, one.error) == ("CAR-017", "2026-01-05 09:12:44", "T cells", "")
    figures = [getattr(one, name) for name in ("total", "viable", "dead", "cells", "viable_cells", "viability")]
    assert figures == [1.42e6, 1.33e6, 9.0e4, 568, 532, 94.0]
    assert (str(getattr(one, "diameter_um", "")), getattr(one, "aggregates", None)) == ("11.2", 3.0)
    assert (one.flags, two.flags) == (("Pre-Dilution corrected: No",), ())


@pytest.mark.requirement("F163.2", refuses=True)
@pytest.mark.parametrize(
    ("line", "why"),
    [
        (2, "Count mode is 'FL-based', not BF-based"),
        (3, "1:1 Stain corrected is 'No': whether the concentration is that of the sample is not known"),
        (4, "the instrument wrote nothing in Total cells counted, Live cells counted"),
    ],
)
def test_a_row_that_leaves_open_what_it_means_has_no_figure(line: int, why: str) -> None:
    """It is an error that says what the file says; a person decides."""
    row = READER.read(DATA, name="r")[line]
    assert why in row.error
    assert [getattr(row, name) for name in ("total", "viable", "cells", "viability")] == [None] * 4


@pytest.mark.requirement("F163.2", refuses=True)
@pytest.mark.parametrize(
    ("was", "made", "match"),
    [
        (b"1.42E+06,568", b"568,1.42E+06", r"more live or dead cells/mL than cells/mL"),
        (b"532,9.00E+04,36", b"36,9.00E+04,532", "does not follow from live and dead cells"),
        (b",94,", b",130,", "viability is above 100 %"),
        (b"9.00E+04,36", b"9.00E+04,900", "more live or dead cells than cells"),
        (b",568,", b",568.5,", "not a whole number of cells"),
        (b"1.42E+06", b'"1,42E+06"', "has a decimal comma"),
        (b"CAR-018", b"CAR-017", "the sample stands in line 2 already"),
        (b"Live cells counted", b"Living", r"columns \['Live cells counted'\] are missing"),
        (b"Dead concentration", b"Live concentration", "are missing|stand twice"),
    ],
)
def test_a_damaged_file_is_refused_with_its_place(was: bytes, made: bytes, match: str) -> None:
    """Swapped columns, decimal commas, doubles and other releases; nothing is guessed."""
    assert was in DATA
    with pytest.raises(InputError, match=match):
        READER.read(DATA.replace(was, made, 1), name="r")


@pytest.mark.requirement("F163.2", refuses=True)
def test_a_file_that_was_cut_gives_nothing() -> None:
    """Wherever it ends but after its last line."""
    for end in range(len(DATA) // 2, len(DATA) - 1, 7):
        with pytest.raises(InputError):
            READER.read(DATA[:end], name="r")


def test_every_column_that_is_read_is_one_of_the_guide() -> None:
    """By its name there."""
    header = DATA.decode().splitlines()[0].split(",")
    assert set(NEEDED) <= set(header)
