"""Identifiers against published vectors; wrong kinds of code get a hint."""

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.formulas import gs1, isbt128
from automation.formulas.identifiers import Kind, classify, hint
from automation.kernel.errors import InputError

ALPHA = "ABCDEFGHIJKLMNPQRSTUVWXYZ"
NUMBERS = st.from_regex(r"[A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{10}", fullmatch=True)


@pytest.mark.requirement("F020", "F020.1", "F058")
@pytest.mark.parametrize(
    ("number", "character"),
    [
        ("G123498654321", "H"),  # worked example of ISBT 128 ST-001
        ("A999921123456", "3"),
        ("W123426000001", "N"),
        ("A999926000017", "T"),
    ],
)
def test_check_characters_of_the_published_numbers(number: str, character: str) -> None:
    """ISO/IEC 7064 MOD 37-2 over the 13 characters."""
    assert isbt128.check_character(number) == character
    assert isbt128.verify(number + character)
    assert not isbt128.verify(number + ("A" if character != "A" else "B"))


def test_flags_of_type_3_carry_the_check_character() -> None:
    """H is 17, so the flags are 77; any other number in them is a misread."""
    assert isbt128.read_din("=G12349865432177").number == "G123498654321"
    with pytest.raises(InputError, match="check character in its flags"):
        isbt128.read_din("=G12349865432178")


@pytest.mark.requirement("F020.1", refuses=True)
@given(NUMBERS, st.integers(0, 12), st.sampled_from(ALPHA + "0123456789"))
@settings(derandomize=True)
def test_one_wrong_character_is_always_found(number: str, place: int, wrong: str) -> None:
    """The check character finds every single substitution."""
    other = number[:place] + wrong + number[place + 1 :]
    assert isbt128.verify(other + isbt128.check_character(number)) is (other == number)


@pytest.mark.requirement("F020.1", refuses=True)
@given(NUMBERS, st.integers(0, 11))
@settings(derandomize=True)
def test_two_neighbours_in_the_wrong_order_are_always_found(number: str, place: int) -> None:
    """The check character finds every transposition of neighbours."""
    other = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert isbt128.verify(other + isbt128.check_character(number)) is (other == number)


def test_a_printed_number_is_typed_with_its_boxed_character() -> None:
    """Blanks are as printed; the character has to fit."""
    assert str(isbt128.read_printed_din("A9999 21 123456 3")) == "A9999 21 123456 3"
    with pytest.raises(InputError, match="do not belong together"):
        isbt128.read_printed_din("A9999 21 123465 3")


@pytest.mark.requirement("F020.1", refuses=True)
@pytest.mark.parametrize(
    "text", ["=O99992112345600", "=A9999211234560", "A99992112345600", "=A99992112345609", "=A99992112345697"]
)
def test_what_is_no_donation_number_is_refused(text: str) -> None:
    """Wrong letter, wrong length, no data identifier, flags that are not assigned."""
    with pytest.raises(InputError):
        isbt128.read_din(text)


def test_a_product_code_has_type_of_collection_and_division() -> None:
    """S12954A0 is S1295, designated, division A0."""
    code = isbt128.read_product_code("=<S12954A0")
    assert (code.description, code.collection, code.division, code.code) == ("S1295", "4", "A0", "S12954A0")


@pytest.mark.requirement("F062")
def test_expiry_is_the_end_of_the_day_unless_a_time_is_given() -> None:
    """21 November 2027 is day 325."""
    assert isbt128.read_expiry("&>0273252359") == datetime(2027, 11, 21, 23, 59)  # noqa: DTZ001  local to the label
    assert isbt128.read_expiry("=>027325") == datetime(2027, 11, 21, 23, 59)  # noqa: DTZ001  local to the label
    assert isbt128.write_expiry(datetime(2027, 11, 21, 23, 59)) == "&>0273252359"  # noqa: DTZ001  local to the label


@pytest.mark.requirement("F062", refuses=True)
@pytest.mark.parametrize("text", ["=>027366", "=>027000", "&>0273252459", "&>0273252360", "=>0273252359", "&>027325"])
def test_a_day_that_the_calendar_does_not_have_is_refused(text: str) -> None:
    """2027 has 365 days; hours end at 23."""
    with pytest.raises(InputError):
        isbt128.read_expiry(text)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2899, 12, 31, 23, 59)))  # noqa: DTZ001  local to the label
@settings(derandomize=True)
def test_every_moment_is_read_back_as_written(moment: datetime) -> None:
    """Leap days and centuries included."""
    minute = moment.replace(second=0, microsecond=0)
    assert isbt128.read_expiry(isbt128.write_expiry(minute)) == minute


def test_a_chain_of_identity_is_read_with_its_facility() -> None:
    """Structure 040 has no check character."""
    assert isbt128.read_coi("&/CHA999926AB12CD").number == "CHA999926AB12CD"


@pytest.mark.parametrize(("payload", "digit"), [("950110153000", "3"), ("0950110153000", "3")])
def test_the_published_gs1_check_digit(payload: str, digit: str) -> None:
    """9501101530003 is the example of the GS1 General Specifications."""
    assert gs1.check_digit(payload) == digit


def test_gs1_fields_are_read_as_scanned_and_as_printed() -> None:
    """FNC1 ends a variable field; brackets do so in print."""
    fields = {"01": "09501101530003", "17": "271100", "10": "AB-123", "21": "77"}
    assert gs1.read("]d2010950110153000317271100" + "10AB-123\x1d2177") == fields
    assert gs1.read("(01)09501101530003(17)271100(10)AB-123(21)77") == fields
    assert gs1.read(gs1.write(fields)) == fields


@pytest.mark.parametrize(
    ("value", "year", "found"),
    [
        ("271100", 2026, date(2027, 11, 30)),
        ("280200", 2026, date(2028, 2, 29)),
        ("761231", 2026, date(2076, 12, 31)),
        ("771231", 2026, date(1977, 12, 31)),
        ("010101", 2099, date(2101, 1, 1)),
    ],
)
def test_two_digit_years_and_day_00(value: str, year: int, found: date) -> None:
    """Day 00 is the end of the month; years lie from 49 back to 50 ahead."""
    assert gs1.expiry(value, this_year=year) == found


@pytest.mark.requirement("F020.1", refuses=True)
@pytest.mark.parametrize(
    "text",
    ["", "(01)09501101530004", "9912", "0109501101530003" * 2, "17271x00", "(10)", "10" + "x" * 21, "(17)271100tail"],
)
def test_a_broken_gs1_text_is_refused(text: str) -> None:
    """Check digit, unknown or repeated field, letters in a date, nothing or too much."""
    with pytest.raises(InputError):
        gs1.read(text)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("=A99992112345600", Kind.DIN, "A999921123456"),
        ("&/CHA999926AB12CD", Kind.COI, "CHA999926AB12CD"),
        ("=<S12954A0", Kind.PRODUCT, "S12954A0"),
        ("&>0273252359", Kind.EXPIRY, "2027-11-21T23:59"),
        ("(01)09501101530003(10)L7", Kind.GS1, "09501101530003"),
        ("ASSET:CRF-01", Kind.ASSET, "CRF-01"),
        ("CONTAINER:BAG-7", Kind.CONTAINER, "BAG-7"),
        ("POSITION:T1/R2/B3", Kind.POSITION, "T1/R2/B3"),
        ("=+02000", Kind.OTHER_ISBT, "02000"),
        ("hello", Kind.UNKNOWN, "hello"),
    ],
)
def test_a_scan_tells_its_kind(text: str, kind: Kind, value: str) -> None:
    """The data identifier or the prefix decides."""
    seen = classify(text)
    assert (seen.kind, seen.value, seen.problem) == (kind, value, "")


@pytest.mark.requirement("F056")
def test_the_product_code_in_place_of_the_identifier_gets_a_hint() -> None:
    """A wrong kind of code is a slip of the hand: say what to scan."""
    assert hint(Kind.DIN, classify("=<S12954A0")) == "this is the product code; scan the donation number"
    assert hint(Kind.DIN, classify("=A99992112345600")) == ""


def test_a_damaged_code_keeps_its_kind_and_says_what_is_wrong() -> None:
    """Half a donation number is still seen as one."""
    seen = classify("=A9999211234")
    assert seen.kind is Kind.DIN
    assert hint(Kind.DIN, seen).endswith("scan it again")


@pytest.mark.requirement("F020.3", refuses=True)
def test_patient_data_are_recognised_and_not_given_back() -> None:
    """A date of birth scanned by mistake must not reach a record."""
    seen = classify("=#0019700101")
    assert (seen.kind, seen.value, seen.fields, seen.problem) == (Kind.PATIENT, "", {}, "")


@given(st.text(max_size=40) | st.from_regex(r"[=&][<>/#;A9+*][ -~]{0,20}", fullmatch=True))
@settings(derandomize=True)
def test_any_text_has_a_kind(text: str) -> None:
    """A scanner may send anything; classification never breaks."""
    assert classify(text).kind in Kind
