"""Every parser of identifiers against published vectors, its whole grammar, and what differs from it by a little."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from automation.formulas import gs1, isbt128
from automation.formulas.identifiers import STANDS_ON, Kind, classify
from automation.kernel.errors import InputError

FACILITY = r"[A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{2}"
NUMBERS = st.from_regex(rf"{FACILITY}[0-9]{{8}}", fullmatch=True)
COIS = st.from_regex(rf"CH{FACILITY}[0-9]{{2}}[A-Z0-9]{{6}}", fullmatch=True)
PRODUCTS = st.from_regex(r"[A-Z][A-Z0-9][0-9]{3}[0-9A-Z][A-Z0-9][a-z0-9]", fullmatch=True)
VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
GS1_TEXT = st.from_regex(r"[!\"%&'*+,\-./0-9:;<=>?A-Z_a-z]{1,20}", fullmatch=True)


@pytest.mark.requirement("F020", "F058")
@pytest.mark.parametrize(("number", "weighted"), [("G123498654321", 148_354), ("A999921123456", 151_920)])
def test_the_published_sums_give_the_check_character(number: str, weighted: int) -> None:
    """ISBT 128 ST-001, appendix on the check character: weights are powers of two, the rest of 37 is taken to 38."""
    assert sum(VALUES.index(sign) << (13 - place) for place, sign in enumerate(number)) == weighted
    assert isbt128.check_value(number) == (38 - weighted % 37) % 37


@given(NUMBERS)
@settings(derandomize=True, max_examples=25)
def test_the_check_value_is_that_of_the_definition(number: str) -> None:
    """ISO/IEC 7064 MOD 37-2 as a sum, beside the recursion; the weighted sum with its check leaves 1."""
    weighted = sum(VALUES.index(sign) << (13 - place) for place, sign in enumerate(number))
    assert (weighted + isbt128.check_value(number)) % 37 == 1


@pytest.mark.requirement("F058", refuses=True)
@given(NUMBERS)
@settings(derandomize=True, max_examples=10)
def test_only_one_of_37_check_characters_fits_a_printed_number(number: str) -> None:
    """As it is printed, with blanks, and however it is typed."""
    right = isbt128.check_character(number)
    typed = f"{number[:5]} {number[5:7]} {number[7:]} {right}".lower()
    assert isbt128.read_printed_din(typed).number == number
    for wrong in VALUES.replace(right, ""):
        with pytest.raises(InputError, match="do not belong together"):
            isbt128.read_printed_din(number + wrong)


@given(NUMBERS)
@settings(derandomize=True, max_examples=10)
def test_of_a_hundred_flags_those_that_are_assigned_are_read(number: str) -> None:
    """ISBT 128 ST-001, flags: 00 to 08, 10, 15 to 59, and of 60 to 96 the one that is the check value."""
    right = {*range(9), 10, *range(15, 60), 60 + isbt128.check_value(number)}
    read = {flags for flags in range(100) if not classify(f"={number}{flags:02d}").problem}
    assert read == right


def test_flags_of_what_is_no_container_say_what_it_is() -> None:
    """Pilot tube, test tube, donor record, bacterial sample; the numbers of a set are containers."""
    said = {
        flags: classify(f"=A999926000017{flags:02d}").fields.get(STANDS_ON, "") for flags in (*range(9), 10, 15, 19)
    }
    assert {flags for flags, what in said.items() if what} == {6, 7, 8, 10}


@given(COIS)
@settings(derandomize=True, max_examples=25)
def test_every_chain_of_identity_is_read_as_it_is_written(number: str) -> None:
    """Structure 040: CH, facility, year, six letters or digits; nothing in it is checked by a character."""
    read = isbt128.read_coi(f"&/{number}")
    assert (read.number, classify(f"&/{number}").value) == (number, number)


@pytest.mark.requirement("F058", refuses=True)
@given(COIS, st.integers(0, 16))
@settings(derandomize=True, max_examples=25)
def test_a_chain_of_identity_that_lost_or_gained_a_character_is_refused(number: str, place: int) -> None:
    """Nothing is filled in or cut off."""
    text = f"&/{number}"
    for wrong in (text[:place] + text[place + 1 :], text[:place] + "7" + text[place:], text.lower()):
        if wrong != text:
            with pytest.raises(InputError):
                isbt128.read_coi(wrong)


@given(PRODUCTS)
@settings(derandomize=True, max_examples=25)
def test_every_product_code_is_read_in_its_three_parts(code: str) -> None:
    """Structure 003: description, type of collection, division."""
    read = isbt128.read_product_code(f"=<{code}")
    assert (read.code, read.description, read.collection, read.division) == (code, code[:5], code[5], code[6:])
    for wrong in (f"=<{code[:-1]}", f"=<{code}0", f"&<{code}", f"=<{code[0].lower()}{code[1:]}"):
        with pytest.raises(InputError):
            isbt128.read_product_code(wrong)


@pytest.mark.requirement("F062")
@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("=>024366", date(2024, 12, 31)),
        ("=>024060", date(2024, 2, 29)),
        ("=>025060", date(2025, 3, 1)),
        ("=>000366", date(2000, 12, 31)),  # a leap year: divided by 400
        ("=>100365", date(2100, 12, 31)),  # none: divided by 100
        ("=>996366", date(1996, 12, 31)),
    ],
)
def test_the_day_of_the_year_knows_leap_years_and_centuries(text: str, day: date) -> None:
    """Structure 004: a digit of the century (9 is 19xx), the year, the day."""
    assert isbt128.read_expiry(text) == datetime(day.year, day.month, day.day, 23, 59)  # noqa: DTZ001  local to the label


@pytest.mark.requirement("F062", refuses=True)
@pytest.mark.parametrize("text", ["=>025366", "=>100366", "=>900366", "=>024367", "&>0243662400", "&>0243662360"])
def test_a_day_that_a_year_does_not_have_is_refused(text: str) -> None:
    """2025, 2100 and 1900 are no leap years."""
    with pytest.raises(InputError):
        isbt128.read_expiry(text)


@pytest.mark.requirement("F062")
@pytest.mark.parametrize("year", [1999, 2000, 2024, 2026, 2100])
def test_every_day_of_a_year_is_read_back(year: int) -> None:
    """365 or 366 of them."""
    day = date(year, 1, 1)
    while day.year == year:
        century = {19: "9"}.get(year // 100, str(year // 100 - 20))
        assert isbt128.read_expiry(f"=>{century}{day:%y%j}").date() == day
        day += timedelta(days=1)


@pytest.mark.requirement("F058")
@pytest.mark.parametrize(
    "number",
    [
        "6291041500213",  # GS1, how to calculate a check digit manually: a GTIN-13
        "376104250021234569",  # GS1 General Specifications, check digit calculation: an SSCC
        "9501101530003",
    ],
)
def test_the_published_gs1_numbers_carry_their_check_digit(number: str) -> None:
    """Weights 3 and 1 from the right; no other digit fits."""
    assert [digit for digit in "0123456789" if gs1.verify(number[:-1] + digit)] == [number[-1]]


@given(st.from_regex(r"[0-9]{11,17}", fullmatch=True), st.integers(0, 16), st.integers(1, 9))
@settings(derandomize=True, max_examples=40)
def test_the_gs1_check_digit_finds_a_wrong_digit_and_knows_its_weakness(payload: str, place: int, off: int) -> None:
    """Every substitution; of neighbours in the wrong order all but those that differ by five."""
    place %= len(payload) - 1
    check = gs1.check_digit(payload)
    other = payload[:place] + str((int(payload[place]) + off) % 10) + payload[place + 1 :]
    assert not gs1.verify(other + check)
    one, two = int(payload[place]), int(payload[place + 1])
    turned = payload[:place] + payload[place + 1] + payload[place] + payload[place + 2 :]
    assert gs1.verify(turned + check) is (abs(one - two) in {0, 5})


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "00": st.from_regex(r"[0-9]{17}", fullmatch=True).map(lambda text: text + gs1.check_digit(text)),
            "01": st.from_regex(r"[0-9]{13}", fullmatch=True).map(lambda text: text + gs1.check_digit(text)),
            "10": GS1_TEXT,
            "17": st.from_regex(r"[0-9]{6}", fullmatch=True),
            "21": GS1_TEXT,
        },
    ),
    st.sampled_from(["", "]C1", "]d2", "]Q3", "]e0", "\x1d"]),
)
@settings(derandomize=True, max_examples=40)
def test_every_gs1_label_is_read_as_it_was_written(fields: dict[str, str], prefix: str) -> None:
    """As scanned, with any prefix of the symbology, and as printed with brackets."""
    assume(fields)
    assert gs1.read(prefix + gs1.write(fields)) == fields
    assert gs1.read("".join(f"({key}){value}" for key, value in fields.items())) == fields


@pytest.mark.requirement("F062")
@given(st.integers(2000, 2099), st.integers(1, 12), st.integers(0, 49))
@settings(derandomize=True, max_examples=40)
def test_day_00_is_the_last_day_of_any_month_in_any_year(year: int, month: int, ahead: int) -> None:
    """The day before the first of the next month, leap years included, seen from up to 49 years before."""
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    assert gs1.expiry(f"{year % 100:02d}{month:02d}00", this_year=year - ahead) == last


@given(st.dates(date(1960, 1, 1), date(2140, 12, 31)), st.integers(-50, 49))
@settings(derandomize=True, max_examples=40)
def test_a_gs1_date_is_read_from_fifty_years_before_to_49_after(day: date, off: int) -> None:
    """The window of the General Specifications: every date has one year in it."""
    assert gs1.expiry(f"{day:%y%m%d}", this_year=day.year + off) == day


@pytest.mark.requirement("F062", refuses=True)
@pytest.mark.parametrize("value", ["270229", "271301", "270001", "270431", "27043", "2704301", "27O430", ""])
def test_a_gs1_date_that_the_calendar_does_not_have_is_refused(value: str) -> None:
    """No 29 February 2027, no month 0 or 13, no 31 April, no letter."""
    with pytest.raises(InputError):
        gs1.expiry(value, this_year=2026)


@given(st.one_of(NUMBERS, COIS, PRODUCTS), st.sampled_from(["=", "&/", "=<", "&>", "=>", "CONTAINER:", "(01)", ""]))
@settings(derandomize=True, max_examples=40)
def test_a_code_under_the_wrong_identifier_never_passes_for_another(code: str, prefix: str) -> None:
    """What is read as a kind is of its grammar, whatever stands before it."""
    seen = classify(prefix + code)
    right = {Kind.DIN: "=", Kind.COI: "&/", Kind.PRODUCT: "=<", Kind.EXPIRY: "&>", Kind.GS1: "("}.get(seen.kind)
    assert seen.problem or right is None or (prefix + code).startswith(right)
