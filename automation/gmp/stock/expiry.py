"""Expiry as it is printed: a month, a day or a moment, in the zone of the site.

Units:  moments in s (UTC); a day is usable through the whole of it, a month through its last day. A moment is that of
        the clock on the wall, also where that goes forward over it or shows it twice.
Source: 21 CFR 211.137 (expiration dating); GS1 General Specifications, AI 17 (a day 00 is the end of the month).
"""

import calendar
import re
from datetime import date, timedelta
from typing import Annotated

from pydantic import AfterValidator

from automation.kernel.clock import instant, reached
from automation.kernel.quantity import Instant

_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_LAST = 9998  # year; a day later has to be a day, too
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d")


def last_day(expiry: str) -> date:
    """Give the last day on which a lot with this expiry may be used; raises ValueError for another form."""
    if not _DAY.fullmatch(expiry):
        msg = f"{expiry!r} is no expiry; year-month-day or year-month is allowed, for example 2027-03-31"
        raise ValueError(msg)
    year, month, *day = (int(part) for part in expiry.split("-"))
    return date(year, month, day[0] if day else calendar.monthrange(year, month)[1])


def end_of(expiry: str, *, zone: str) -> Instant:
    """Give the moment from which on a lot with this expiry is not used any more; raises ValueError as ``last_day``."""
    if _MOMENT.fullmatch(expiry):
        last_day(expiry[:10])
        return reached(expiry, zone=zone)
    return instant(f"{last_day(expiry) + timedelta(days=1)}T00:00:00", zone=zone)


def _expiry(text: str) -> str:
    if not "1900" <= text[:4] <= str(_LAST):
        msg = f"{text!r} is no expiry; a year from 1900 to {_LAST} is needed"
        raise ValueError(msg)
    end_of(text, zone="UTC")
    return text


Expiry = Annotated[str, AfterValidator(_expiry)]
"""An expiry as it stands on a label: ``2027-03``, ``2027-03-31`` or ``2027-03-31T14:30``."""
