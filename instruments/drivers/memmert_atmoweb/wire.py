"""Grammar of Memmert's AtmoWEB: one HTTP GET with names in its query, one JSON object of values in its answer.

A name with an empty value is asked for, with a value it is set; the answer gives what holds then. What a device does
not have reads ``N/A`` or ``N/D``. Older firmware leaves out the braces and ends with a comma; both are mended here.
Units:  degC, %; CO2 and O2 in % of the gas, humidity relative.
Source: Memmert D33477 (AtmoWEB REST interface, 07/2020): parameter list; pyatmoweb 0.0.3 (names, missing braces).
        HTTP itself by ``instruments.transport.http``.
"""

import json
import math
from collections.abc import Mapping
from functools import lru_cache

from automation.kernel.errors import WireError
from instruments.transport import http

READ = ("Temp1Read", "CO2Read", "HumRead", "O2Read", "DoorOpen")
SET = ("TempSet", "CO2Set")
IDENTITY = ("SN", "DevType", "SWRev")
MISSING = ("N/A", "N/D", "")
PATH = "/atmoweb"
OK = 200


def request(names: tuple[str, ...], values: Mapping[str, str] | None = None) -> bytes:
    """Frame one GET that asks for names and sets values."""
    pairs = [*(values or {}).items(), *((name, "") for name in names)]
    return _framed("&".join(f"{name}={value}" for name, value in pairs))


@lru_cache(maxsize=16)  # the same few questions for days
def _framed(query: str) -> bytes:
    return http.request("GET", f"{PATH}?{query}")


def complete(data: bytes) -> int:
    """Tell the length of the answer that the bytes begin with; 0 while it is not complete.

    Raises WireError for bytes that are no HTTP answer with a length.
    """
    return http.complete(data)


def values(reply: bytes) -> Mapping[str, object]:
    """Read the values of a whole answer; raises WireError for another status, and for what is no JSON object."""
    answer = http.answer(reply)
    body = answer.body
    if answer.status != OK:
        raise WireError(f"the device answered with HTTP status {answer.status}")
    try:
        text = body.decode("utf-8").strip().strip(",").strip()
        found = json.loads(text if text.startswith("{") else "{" + text + "}", parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise WireError(f"the answer is no JSON object: {body[:80]!r}") from error
    if not isinstance(found, dict):
        raise WireError(f"the answer is no JSON object: {body[:80]!r}")
    return found


def number(found: Mapping[str, object], name: str) -> float | None:
    """Give a value as a finite number, None where the device has none; raises WireError for anything else."""
    value = found.get(name, "N/A")
    if value in MISSING or value is None:
        return None
    try:
        read = math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        read = math.nan
    if not math.isfinite(read):
        raise WireError(f"{name} was answered by {str(value)[:80]!r}; a number is needed")
    return read


def word(found: Mapping[str, object], name: str) -> str:
    """Give a value as text; empty where the device has none."""
    value = found.get(name, "")
    return "" if value in MISSING or value is None else str(value)


def _refuse(text: str) -> float:
    raise ValueError(text)
