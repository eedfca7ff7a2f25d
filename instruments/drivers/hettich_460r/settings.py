"""What a site declares of a Rotanta 460: address, rotor, and the program that holds temperature and brake.

Units:  mm, g, degC.
Source: none of it can be read on the wire, as far as documents were seen.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.errors import InputError
from instruments.drivers.hettich_460r import wire
from instruments.transport import Link

LINE = "9600 7E1"
_SERIAL = re.compile(r"\d+ [78][NEO][12]")
KEYS = {
    "unit": "address on the line, A to Z, [, \\ or ]; ] unless it was changed",
    "serial": "serial number, as its plate says; declared",
    "radius": "largest radius of the rotor, mm",
    "differ_at_most": "allowed between opposite buckets, g",
    "program": "number of the program that holds temperature and brake, 1 to 89",
    "temperature": "that it holds, degC",
    "brake": "that it holds, 0 to 9",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the driver needs to know."""

    unit: str
    serial: str
    radius_mm: float
    differ_at_most: float
    program: int
    temperature: float
    brake: int


def settings(link: Link, given: Mapping[str, str]) -> Settings:
    """Read the settings; raises InputError naming the one that is not allowed."""
    line = link.stream.settings
    if _SERIAL.match(line) and line != LINE:
        raise InputError(f"{link.name} is set to {line}; the centrifuge needs {LINE}")
    unit = given.get("unit", "]")
    if len(unit) != 1 or unit not in wire.ADDRESSES:
        raise InputError(f"unit is {unit!r}; one of {wire.ADDRESSES} is needed")
    return Settings(
        unit=unit,
        serial=given.get("serial", ""),
        radius_mm=_number(given, "radius", low=20.0, high=400.0),
        differ_at_most=_number(given, "differ_at_most", low=0.1, high=200.0),
        program=_whole(given, "program", low=1, high=89),
        temperature=_number(given, "temperature", low=-20.0, high=40.0),
        brake=_whole(given, "brake", low=0, high=9),
    )


def _number(given: Mapping[str, str], key: str, *, low: float, high: float) -> float:
    text = given.get(key, "")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise InputError(f"{key} is {text!r}; a number from {low:g} to {high:g} has to be declared")
    return value


def _whole(given: Mapping[str, str], key: str, *, low: int, high: int) -> int:
    value = _number(given, key, low=low, high=high)
    if value != int(value):
        raise InputError(f"{key} is {given[key]!r}; a whole number from {low} to {high} has to be declared")
    return int(value)
