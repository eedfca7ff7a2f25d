"""Codes and moments in bodies: read once at the door, kept as they were entered.

Units:  moments are ISO 8601 text, local to the site when no offset is given.
Source: ISBT 128 ST-001 v6.2.2 (structures 001 and 040, check character); EU GMP Part IV (codes, never names).
"""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator

from automation.formulas import isbt128, limits
from automation.kernel.clock import instant
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant

_FIRST, _LAST = 1990, 2199
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{2,31}")
_LABEL = re.compile(r"[!-.0-~]{1,64}")
LABEL = "1 to 64 letters without accents, digits and signs but '/'"
"""What the id of a container that came from outside may be made of."""


def _identity(text: str) -> str:
    """Refuse what is no chain of identity as structure 040 has it (the 15 characters from CH on)."""
    try:
        return isbt128.read_coi(f"&/{text}").number
    except InputError as wrong:
        raise ValueError(str(wrong)) from None


def _printed(text: str) -> str:
    """Refuse a donation number whose boxed check character does not belong to it."""
    try:
        isbt128.read_printed_din(text)
    except InputError as wrong:
        raise ValueError(str(wrong)) from None
    return "".join(text.split()).upper()


def is_code(text: str) -> bool:
    """Tell whether a text is a code of a person whom only the subject's store may name."""
    return bool(_CODE.fullmatch(text))


def is_label(text: str) -> bool:
    """Tell whether an id can be read off a label and typed: no two of them look alike for want of a keyboard."""
    return bool(_LABEL.fullmatch(text))


def _code(text: str) -> str:
    if not is_code(text):
        msg = "3 to 32 capital letters, digits and '-' are needed: a code, never a name"
        raise ValueError(msg)
    return text


def _moment(text: str) -> str:
    """Refuse what is no moment of this age; whoever writes another has mistyped the year."""
    try:
        year = datetime.fromisoformat(text).year
    except ValueError:
        msg = "a moment is needed, year first, for example 2027-03-31T17:00"
        raise ValueError(msg) from None
    if not _FIRST <= year <= _LAST:
        msg = f"a moment of the years {_FIRST} to {_LAST} is needed"
        raise ValueError(msg)
    return text


def _limit(text: str) -> str:
    try:
        if text:
            limits.parse(text)
    except InputError as wrong:
        raise ValueError(str(wrong)) from None
    return text


Identity = Annotated[str, AfterValidator(_identity)]
"""A chain of identity, 15 characters from CH on."""

PrintedDin = Annotated[str, AfterValidator(_printed)]
"""A donation number with its boxed check character, 14 characters."""

Code = Annotated[str, AfterValidator(_code)]
"""A code that stands for a person, as on the wristband."""

Moment = Annotated[str, AfterValidator(_moment)]
"""A moment as people write it."""

LimitText = Annotated[str, AfterValidator(_limit)]
"""A limit as people write it (``at least 2E+9 cells``); empty for none."""


def moment(text: str, *, zone: str) -> Instant:
    """Give a moment that was entered at a site."""
    return instant(text, zone=zone)


def number_of(din: str) -> str:
    """Give the 13 characters of a donation number that was entered with its check character."""
    return din[:13]
