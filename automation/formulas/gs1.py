"""GS1 element strings: item, lot, serial number and dates on the labels of materials; the mod-10 check digit.

Variable fields end with FNC1 (ASCII 29); the printed form with brackets, ``(01)...(10)...``, is read as well.
Source: GS1 General Specifications: application identifiers 00, 01, 10, 11, 17, 21; check digit; two-digit years lie
between 49 years back and 50 years ahead; day 00 is the last day of the month.
"""

import calendar
import re
from collections.abc import Mapping
from datetime import date

from automation.kernel.errors import InputError

FNC1 = "\x1d"
NAMES = {"00": "shipping container", "01": "item", "10": "lot", "11": "made", "17": "expiry", "21": "serial"}
"""The application identifiers that are read."""

_FIXED = {"00": 18, "01": 14, "11": 6, "17": 6}
_LONGEST = 20
_CHARACTERS = re.compile(r"""[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+""")
_PREFIXES = ("]C1", "]d2", "]Q3", "]e0")
_BRACKETS = re.compile(r"\(([0-9]{2})\)([^()]+)")


def check_digit(payload: str) -> str:
    """Give the mod-10 check digit of digits without one; raises InputError for anything but digits."""
    if not (payload.isascii() and payload.isdigit()):
        raise InputError(f"{payload!r} is not made of digits")
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(payload)))
    return str(-weighted % 10)


def verify(number: str) -> bool:
    """Tell whether the last digit is the check digit of the others."""
    return number.isascii() and number.isdigit() and len(number) > 1 and check_digit(number[:-1]) == number[-1]


def read(text: str) -> dict[str, str]:
    """Give identifier to value, as scanned or as printed with brackets.

    Raises InputError for an unknown or repeated identifier, wrong length, character or check digit.
    """
    found: dict[str, str] = {}
    for identifier, value in _bracketed(text) if text.startswith("(") else _scanned(text):
        if identifier in found:
            raise InputError(f"{text!r} has the identifier ({identifier}) twice")
        found[identifier] = _checked(identifier, value, text=text)
    if not found:
        raise InputError("an empty text is no GS1 element string")
    return found


def expiry(value: str, *, this_year: int) -> date:
    """Give the date of a field 11 or 17 (YYMMDD); day 00 is the last of the month. Raises InputError for no date."""
    if not re.fullmatch(r"[0-9]{6}", value):
        raise InputError(f"{value!r} is no date; YYMMDD is needed")
    two, month, day = int(value[:2]), int(value[2:4]), int(value[4:])
    gap = two - this_year % 100
    year = this_year - this_year % 100 + two + (100 if gap <= -50 else -100 if gap >= 51 else 0)
    if not 1 <= month <= 12 or day > calendar.monthrange(year, month)[1]:
        raise InputError(f"{value!r} is no date of the calendar")
    return date(year, month, day or calendar.monthrange(year, month)[1])


def write(fields: Mapping[str, str]) -> str:
    """Give the element string, fixed lengths first, FNC1 after each variable field but the last; raises InputError."""
    order = sorted(fields, key=lambda identifier: (identifier not in _FIXED, identifier))
    parts = [f"{identifier}{_checked(identifier, fields[identifier], text='the label')}" for identifier in order]
    ends = ["" if identifier in _FIXED else FNC1 for identifier in order]
    return "".join(part + end for part, end in zip(parts, ends, strict=True)).removesuffix(FNC1)


def _bracketed(text: str) -> list[tuple[str, str]]:
    if _BRACKETS.sub("", text):
        raise InputError(f"{text!r} is no GS1 text; write for example (01)09501101530003(10)AB-1")
    return [(match[1], match[2]) for match in _BRACKETS.finditer(text)]


def _scanned(text: str) -> list[tuple[str, str]]:
    rest = next((text.removeprefix(prefix) for prefix in _PREFIXES if text.startswith(prefix)), text)
    found: list[tuple[str, str]] = []
    while rest := rest.removeprefix(FNC1):
        identifier = rest[:2]
        end = 2 + _FIXED[identifier] if identifier in _FIXED else (rest.find(FNC1) + 1 or len(rest) + 1) - 1
        found.append((identifier, rest[2:end]))
        rest = rest[end:]
    return found


def _checked(identifier: str, value: str, *, text: str) -> str:
    if identifier not in NAMES:
        raise InputError(f"{text!r} has the identifier ({identifier}); known: {', '.join(NAMES)}")
    name = f"{NAMES[identifier]} ({identifier})"
    if identifier in _FIXED:
        if len(value) != _FIXED[identifier] or not (value.isascii() and value.isdigit()):
            raise InputError(f"{text!r}: {name} is {value!r}; {_FIXED[identifier]} digits are needed")
    elif len(value) > _LONGEST or not _CHARACTERS.fullmatch(value):
        raise InputError(f"{text!r}: {name} is {value!r}; 1 to {_LONGEST} characters of the GS1 set are needed")
    if identifier in ("00", "01") and not verify(value):
        raise InputError(f"{text!r}: the check digit of {name} does not fit; scan again")
    return value
