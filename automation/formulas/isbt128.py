"""ISBT 128 data structures: donation number with its check character, product code, both in one, expiry, identity.

The two-character data identifier is checked first, then length and characters, then the meaning.
Dates are calendar dates in the time zone of the label; expiry without a time is 23:59.
Source: ISBT 128 ST-001 v6.2.2 (data structures 001, 003, 004, 005, 023, 040), ISO/IEC 7064 MOD 37-2. Codes in examples
are synthetic (A9999); live use needs registration with ICCBBA.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from automation.kernel.errors import InputError

_VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_DIN = re.compile(r"=([A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{2})([0-9]{2})([0-9]{6})([0-9]{2})")
_DIN_PLAIN = re.compile(r"[A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{10}")
_PRODUCT = re.compile(r"=<([A-Z][A-Z0-9][0-9]{3})([0-9A-Z])([A-Z0-9][a-z0-9])")
_UNIT = re.compile(r"(?:=\+02[0-9]{3})?(=[^=]*)(=<.*)", re.DOTALL)
_EXPIRY = re.compile(r"(=>|&>)([0-9])([0-9]{2})([0-9]{3})([0-9]{4})?")
_COI = re.compile(r"&/CH([A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{2})([0-9]{2})([A-Z0-9]{6})")
_TYPE_3 = 60  # flags from here on carry the check character

COLLECTION_TYPES = {
    "0": "not specified", "V": "volunteer allogeneic", "A": "autologous, eligible for crossover",
    "1": "for autologous use only", "X": "autologous only, biohazardous", "2": "directed recipient only",
    "3": "directed recipient only, biohazardous", "4": "designated", "7": "for allogeneic use",
    "8": "autologous with allogeneic material", "R": "volunteer research",
}  # fmt: skip
"""What the sixth character of a product code says."""

CONTAINER_FLAGS = {"01": 1, "02": 2, "03": 3, "04": 4, "15": 5, "16": 6, "17": 7, "18": 8, "19": 9}
"""Flags that number a container of a set."""

ELSEWHERE_FLAGS = {
    "06": "a pilot tube", "07": "a test tube", "08": "a donor record", "10": "a sample for bacterial testing",
}  # fmt: skip
"""Flags of a donation number that stands on something else than a container of product."""


@dataclass(frozen=True, slots=True)
class Din:
    """A donation identification number; ``flags`` are not part of it."""

    facility: str
    year: str
    sequence: str
    flags: str = "00"

    @property
    def number(self) -> str:
        """Give the 13 characters that are unique for 100 years."""
        return f"{self.facility}{self.year}{self.sequence}"

    def __str__(self) -> str:
        return f"{self.facility} {self.year} {self.sequence} {check_character(self.number)}"


@dataclass(frozen=True, slots=True)
class ProductCode:
    """A product description code with type of collection and division."""

    description: str
    collection: str
    division: str

    @property
    def code(self) -> str:
        """Give the eight characters."""
        return f"{self.description}{self.collection}{self.division}"


@dataclass(frozen=True, slots=True)
class CoI:
    """A chain of identity identifier: one for one therapy."""

    facility: str
    year: str
    sequence: str

    @property
    def number(self) -> str:
        """Give the 15 characters, with the leading CH."""
        return f"CH{self.facility}{self.year}{self.sequence}"


def check_character(number: str) -> str:
    """Give the check character of 13 characters; it is printed, boxed, and not part of the bar code."""
    return _VALUES[check_value(number)]


def check_value(number: str) -> int:
    """Give the value of the check character (0 to 36); raises InputError for other than a donation number."""
    if not _DIN_PLAIN.fullmatch(number):
        raise InputError(f"{number!r} is no donation number; 13 characters such as A999921123456 are needed")
    return (38 - _sum(number)) % 37


def verify(number: str) -> bool:
    """Tell whether 13 characters and their check character belong together."""
    if len(number) != 14 or any(sign not in _VALUES for sign in number):
        return False
    return (_sum(number[:13]) + _VALUES.index(number[13])) % 37 == 1


def read_din(text: str) -> Din:
    """Read structure 001 as scanned, ``=`` and 15 characters; raises InputError, also for a wrong check in flags."""
    match = _DIN.fullmatch(text)
    if match is None:
        raise InputError(f"{text!r} is no ISBT 128 donation number; '=' and 15 characters are needed")
    din = Din(*match.groups())
    if int(din.flags) > 96 or 10 < int(din.flags) < 15 or din.flags == "09":
        raise InputError(f"{text!r} has the flags {din.flags}, which are not assigned")
    if int(din.flags) >= _TYPE_3 and int(din.flags) - _TYPE_3 != check_value(din.number):
        raise InputError(f"{text!r}: the check character in its flags does not belong to the number; scan again")
    return din


def read_printed_din(text: str) -> Din:
    """Read 13 characters and the boxed check character as typed from a label; raises InputError for a wrong check."""
    packed = "".join(text.split()).upper()
    if not verify(packed):
        raise InputError(f"{text!r}: number and check character do not belong together; type all 14 characters again")
    if not _DIN_PLAIN.fullmatch(packed[:13]):
        raise InputError(f"{text!r} is no donation number")
    return Din(packed[:5], packed[5:7], packed[7:13])


def read_product_code(text: str) -> ProductCode:
    """Read structure 003 (``=<`` and 8 characters); raises InputError."""
    match = _PRODUCT.fullmatch(text)
    if match is None:
        raise InputError(f"{text!r} is no ISBT 128 product code; '=<' and 8 characters such as S12954A0 are needed")
    return ProductCode(*match.groups())


def read_unit(text: str) -> tuple[Din, ProductCode]:
    """Read structures 001 and 003 one behind the other, also as a compound message (023) of both; raises InputError."""
    match = _UNIT.fullmatch(text)
    if match is None:
        raise InputError(f"{text!r} is no donation number with its product code behind it")
    return read_din(match[1]), read_product_code(match[2])


def read_expiry(text: str) -> datetime:
    """Read structure 004 or 005 as local date and time of the label; raises InputError for a day that is none."""
    match = _EXPIRY.fullmatch(text)
    timed = match is not None and match[1] == "&>"
    if match is None or timed != (match[5] is not None):
        raise InputError(f"{text!r} is no ISBT 128 expiry; '=>cyyjjj' or '&>cyyjjjhhmm' is needed")
    year = (1900 if match[2] == "9" else 2000 + 100 * int(match[2])) + int(match[3])
    clock = match[5] or "2359"
    first = datetime(year, 1, 1, int(clock[:2]) % 24, int(clock[2:]) % 60)  # noqa: DTZ001  local to the label
    moment = first + timedelta(days=int(match[4]) - 1)
    if moment.year != year or match[4] == "000" or int(clock[:2]) > 23 or int(clock[2:]) > 59:
        raise InputError(f"{text!r} has day {match[4]} of {year} at {clock}, which is no moment of the calendar")
    return moment


def write_expiry(moment: datetime) -> str:
    """Give structure 005 of a local date and time; raises InputError outside 1900 to 2899."""
    century = {19: "9"}.get(moment.year // 100, str(moment.year // 100 - 20))
    if not 1900 <= moment.year < 2900:
        raise InputError(f"{moment.year} can't be written; 1900 to 2899")
    return f"&>{century}{moment:%y%j%H%M}"


def read_coi(text: str) -> CoI:
    """Read structure 040 (``&/CH`` and 13 characters); raises InputError. It has no check character."""
    match = _COI.fullmatch(text)
    if match is None:
        raise InputError(f"{text!r} is no ISBT 128 chain of identity; '&/CH' and 13 characters are needed")
    return CoI(*match.groups())


def _sum(number: str) -> int:
    running = 0
    for sign in number:
        running = (running + _VALUES.index(sign)) * 2 % 37
    return running
