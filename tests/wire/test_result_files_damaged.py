"""Damaged copies of real result files: each is refused with its place, and never gives a figure that is not there."""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

import pytest

from automation.kernel.errors import InputError
from automation.opener import House
from instruments.drivers.readers import Reader
from instruments.interfaces.results import CountRow, Row

DATA = Path(__file__).parents[1] / "data"
READERS = {entry.name: cast("Reader", entry.load()) for entry in entry_points(group="cellwright.readers")}
TEXTS = {  # a real file of each format, with the words of one sample's line that a second sample must not share
    "vicell_blu_example01.csv": "vicell_blu",
    "vicell_xr_206_example07.txt": "vicell_xr",
    "nc_view_example.csv": "nc_view",
    "nucleoview_example01.csv": "nucleoview",
    "cedex_hires_example1.csv": "cedex_hires",
    "cedex_bioht_example01.txt": "cedex_bio_ht",
    "cedex_bioht_v5_example01.txt": "cedex_bio_ht",
    "flex2_sample_results.csv": "flex2",
}
COMMAS = {  # a figure, and what stands there in a locale with decimal commas
    "vicell_xr_206_example07.txt": ("(x 10^6) : 90.2", "(x 10^6) : 90,2"),
    "nc_view_example.csv": (",45.1,", ',"45,1",'),
    "nucleoview_example01.csv": (";68.2;", ";68,2;"),
    "cedex_hires_example1.csv": (",95.29307556,", ',"95,29307556",'),
    "cedex_bioht_example01.txt": ("  2.45\t", "  2,45\t"),
    "flex2_sample_results.csv": (",2.65,", ',"2,65",'),
}
SWAPS = {  # two figures, and the same two in each other's column
    "vicell_xr_206_example07.txt": ("cells : 4263\r\nViable cells : 4133", "cells : 4133\r\nViable cells : 4263"),
    "nc_view_example.csv": ("274\xa0000,124\xa0000,150\xa0000", "274\xa0000,150\xa0000,124\xa0000"),
    "nucleoview_example01.csv": ("2.45E6;\r\nDead (cells/ml);1.14E6", "1.14E6;\r\nDead (cells/ml);2.45E6"),
    "cedex_hires_example1.csv": ("4529542.5,223733.2344", "223733.2344,4529542.5"),
    "cedex_bioht_example01.txt": ("SMPL1\t\tSAM\t        \tGLN2B", "GLN2B\t\tSAM\t        \tSMPL1"),
    "cedex_bioht_v5_example01.txt": ("GLN2B\t\t\tSAMPLE_01", "SAMPLE_01\t\t\tGLN2B"),
    "flex2_sample_results.csv": ("151.6,4.22", "4.22,151.6"),
}  # fmt: skip
DOUBLES = {  # a sample, and the other one that its line is made to name as well
    "nc_view_example.csv": ("20240219-00020,2,", "20240219-00020,1,", "line 2 already"),
    "nucleoview_example01.csv": ("Operator;", "Image;", "'Image' stands twice"),
    "cedex_hires_example1.csv": ("0618_F02", "0618_F01", "line 2 already"),
    "vicell_xr_206_example07.txt": ("File name :", "Sample ID :", "'Sample ID' stands twice"),
}

pytestmark = pytest.mark.requirement("F029", "F163", "F163.1")


def original(name: str) -> bytes:
    """Give a real file."""
    [path] = DATA.rglob(name)
    return path.read_bytes()


def changed(name: str, old: str, new: str) -> bytes:
    """Give a real file with one thing changed."""
    text = original(name).decode()
    assert old in text
    return text.replace(old, new, 1).encode()


def read(name: str, data: bytes) -> Sequence[Row]:
    """Read by the reader of the format, which has to claim even a damaged file."""
    reader = READERS[TEXTS[name]]
    assert reader.claims(data)
    return reader.read(data, name=name)


@pytest.mark.requirement("F029", "F163.1", refuses=True)
@pytest.mark.parametrize("name", TEXTS)
def test_a_file_cut_anywhere_is_refused_or_tells_less_but_never_other_figures(name: str) -> None:
    """What is still read is in the whole file, but for the last field, which is then left out and said to be."""
    whole = original(name)
    known = {_figures(row) for row in READERS[TEXTS[name]].read(whole, name=name)}
    for end in range(len(whole) - 1, len(whole) // 3, -max(1, len(whole) // 150)):
        try:
            rows = READERS[TEXTS[name]].read(whole[:end], name=name)
        except InputError:
            continue
        assert {_figures(row) for row in rows} <= known


def _figures(row: Row) -> str:
    """Give all that a row says, without what a line that has no end leaves out."""
    return repr(replace(row, flags=(), dilution=None, aggregates=None) if isinstance(row, CountRow) else row)


@pytest.mark.requirement("F029", "F163.1", refuses=True)
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_characters_without_their_mark_are_refused(name: str, encoding: str) -> None:
    """The message says what to do."""
    with pytest.raises(InputError, match="UTF-16 without its byte order mark; export again"):
        read(name, original(name).decode().encode(encoding))


@pytest.mark.parametrize("name", TEXTS)
def test_bytes_of_another_code_page_are_refused(name: str) -> None:
    """A letter of Latin-1 in a field is no UTF-8, and what it was meant to be is not guessed."""
    data = original(name)
    place = data.rindex(b"1")
    with pytest.raises(InputError, match="is not UTF-8"):
        read(name, data[:place] + b"\xe9" + data[place + 1 :])


@pytest.mark.parametrize("name", ["nc_view_example.csv", "flex2_sample_results.csv"])
def test_signs_of_latin_1_alone_are_read(name: str) -> None:
    """Micro and degree in one byte can be nothing else."""
    text = original(name).decode().replace("\xa0", " ")
    assert READERS[TEXTS[name]].read(text.encode("latin-1"), name=name) == read(name, text.encode())


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_in_utf_16_with_its_mark_is_the_same_file(name: str) -> None:
    """As some exports are set."""
    assert read(name, original(name).decode().encode("utf-16")) == read(name, original(name))


@pytest.mark.parametrize("name", COMMAS)
def test_a_decimal_comma_is_refused_with_a_hint(name: str) -> None:
    """It can't be told from a separator, and 2,45 is not 245."""
    with pytest.raises(InputError, match="decimal comma; export with the decimal point"):
        read(name, changed(name, *COMMAS[name]))


@pytest.mark.requirement("F029", "F163.1", refuses=True)
@pytest.mark.parametrize("name", SWAPS)
def test_figures_in_each_others_column_are_refused(name: str) -> None:
    """They can't belong together."""
    with pytest.raises(InputError, match="columns swapped"):
        read(name, changed(name, *SWAPS[name]))


@pytest.mark.requirement("F029", "F163.1", refuses=True)
@pytest.mark.parametrize("name", DOUBLES)
def test_a_sample_that_stands_twice_is_refused(name: str) -> None:
    """Which one counts is not for a program to say."""
    old, new, message = DOUBLES[name]
    with pytest.raises(InputError, match=message):
        read(name, changed(name, old, new))


def test_the_same_measurement_twice_is_refused_and_a_repeat_counts_only_by_a_person() -> None:
    """The very same line is a damaged file; a second run of a test has both figures and an error on each."""
    name = "cedex_bioht_example01.txt"
    first = original(name).decode().splitlines(keepends=True)[1]
    with pytest.raises(InputError, match="line 28: the measurement stands in line 2 already"):
        read(name, original(name) + first.encode())
    again = first.replace("16:55:51", "16:59:59").replace("2.45", "2.95")
    rows = [
        row for row in read(name, original(name) + again.encode()) if row.sample == "SMPL1" and row.method == "GLN2B"
    ]
    assert [row.error for row in rows] == ["it was measured in lines 2, 28: a person decides which one counts"] * 2


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("vicell_xr_206_example07.txt", "Vi-CELL XR 2.06.3", "Vi-CELL XR 3.0", "another release"),
        ("vicell_xr_206_example07.txt", "29 Sep 2023  5:21:32 AM", "29 Sept 2023 5:21", "not a date and time"),
        ("vicell_xr_206_example07.txt", "Dilution : 20.00", "Dilution : 0", "dilution is not above 0"),
        ("nc_view_example.csv", "VIABILITY (%)", "VITALITY", r"columns \['VIABILITY \(%\)'\] are missing"),
        ("nucleoview_example01.csv", "file version;2", "file version;3", "another version"),
        ("nucleoview_example01.csv", "20231120-0012-c-cellsABCD;", "20231120;", "does not end with a sample"),
        ("nucleoview_example01.csv", "//[ECEC5A41]", "", "last line .* is missing"),
        ("cedex_bioht_example01.txt", "6.0.0.1905", "9.0.0.1", "releases 5, 6 only"),
        ("cedex_bioht_example01.txt", "mmol/L", "mg/dL", "not a known unit"),
        ("cedex_bioht_example01.txt", "40\t2023", "41\t2023", "does not begin with 40"),
        ("flex2_sample_results.csv", "46.8,191.6,100.0", "191.6,46.8,100.0", "does not follow from the figure at 37"),
        ("flex2_sample_results.csv", ",7.400,", ",n/a,", "not a number"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named(name: str, old: str, new: str, message: str) -> None:
    """Another release, another unit, another word: one clear error."""
    with pytest.raises(InputError, match=message):
        read(name, changed(name, old, new))


@pytest.mark.parametrize("keep", [0.2, 0.6, 0.95, 0.999])
def test_a_workbook_that_was_cut_is_refused(keep: float) -> None:
    """A workbook without its index is recognised by its parts, and refused."""
    data = original("vicell_xr_206_example01.xlsx")
    cut = data[: int(len(data) * keep)]
    assert READERS["vicell_xr"].claims(cut)
    with pytest.raises(InputError, match="the workbook is damaged or was cut"):
        READERS["vicell_xr"].read(cut, name="x.xlsx")


def test_a_workbook_that_declares_entities_is_refused() -> None:
    """No instrument writes them; they are how a small file becomes a large one."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
    with pytest.raises(InputError, match="declares entities"):
        READERS["vicell_xr"].read(_with_part("xl/worksheets/sheet1.xml", lambda _: bomb), name="x.xlsx")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"<v>135</v>", b"<v>68</v>", "does not follow|more viable"),
        (b"<v>68</v>", b"<v>0.5</v>", "not a whole number"),
        (b'<c r="A5" s="1" t="s"><v>2</v></c>', b"", "no line of titles"),
        (b'<c r="A7" s="3" t="s"><v>', b'<c r="A7" s="3" t="s"><v>9999', "a text that is not there"),
    ],
)
def test_a_workbook_with_other_figures_is_refused(old: bytes, new: bytes, message: str) -> None:
    """As a text file would be."""
    damaged = _with_part("xl/worksheets/sheet1.xml", lambda part: part.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        READERS["vicell_xr"].read(damaged, name="x.xlsx")


def _with_part(part: str, change: Callable[[bytes], bytes]) -> bytes:
    """Give the real workbook with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(original("vicell_xr_206_example01.xlsx"))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return out.getvalue()


@pytest.mark.requirement("F103.2")
@pytest.mark.parametrize(
    "path",
    [
        path
        for folder in ("analysers", "cell_counts", "plates")
        for path in sorted((DATA / folder).iterdir())
        if path.suffix in {".csv", ".txt", ".xlsx"}
    ],
)
def test_a_real_file_is_claimed_by_one_reader(path: Path) -> None:
    """By what stands in it, never by its name."""
    assert len([name for name, reader in READERS.items() if reader.claims(path.read_bytes())]) == 1


@pytest.mark.requirement("F103.2", refuses=True)
def test_a_file_that_two_formats_claim_is_read_by_neither(tmp_path: Path) -> None:
    """Whose figures they are is not for a program to guess."""
    path = tmp_path / "both.csv"
    path.write_bytes(original("flex2_sample_results.csv") + original("cedex_hires_example1.csv"))
    with pytest.raises(InputError, match=r"looks like a Cedex HiRes .* and a BioProfile FLEX2 .*: export it again"):
        House().read(path)


@pytest.mark.requirement("F103.2", refuses=True)
def test_a_file_that_nobody_claims_is_answered_with_what_is_known(tmp_path: Path) -> None:
    """One error, which lists the formats."""
    path = tmp_path / "notes.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError) as refused:
        House().read(path)
    assert [reader.title for reader in READERS.values() if reader.title not in str(refused.value)] == []
