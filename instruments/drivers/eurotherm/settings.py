"""What a site says of its controller in ``site.yaml``, checked before anything is sent.

Units: none; numbers are addresses and program numbers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.errors import InputError
from instruments.interfaces.freezer import PowerFail
from instruments.transport import Link

KEYS = {
    "model": "the model on the controller's label, for example 2408; declared, because no register for it is published",
    "serial": "the serial number on the label; declared",
    "unit": "the device's address, 1 to 254; 1 unless said",
    "program": "the number of the stored program that is loaded and started; 1 unless said",
    "power_fail": "what the controller is configured to do when power comes back in a run: continue, hold, reset or "
    "'ramp back'; declared by the site and checked at OQ, because no register for it is published",
    "line": "the line settings that the controller is configured to",
}
STORED_KEYS = {
    "stored": "the name of the program that stands in the controller under that number, entered at the panel",
    "stored_digest": "the digest of its segments as checked at OQ; the driver names it when it refuses to load",
}
_SERIAL = re.compile(r"\d+ \d[NEO]\d")
_WHOLE = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The site's declarations."""

    model: str
    serial: str
    unit: int
    program: int
    power_fail: PowerFail
    line: str
    stored: str = ""
    stored_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What a protocol allows: usual line settings, highest address and highest program number."""

    line: str
    units: int
    programs: int


def settings(given: Mapping[str, str], protocol: Protocol) -> Settings:
    """Read the site's declarations; raises InputError naming the key."""
    strategy = given.get("power_fail", PowerFail.UNKNOWN.value)
    if strategy not in set(PowerFail):
        msg = f"power_fail is {strategy!r}; allowed: {', '.join(PowerFail)}"
        raise InputError(msg)
    return Settings(
        model=given.get("model", ""),
        serial=given.get("serial", ""),
        unit=_whole(given, "unit", most=protocol.units),
        program=_whole(given, "program", most=protocol.programs),
        power_fail=PowerFail(strategy),
        line=given.get("line", protocol.line),
        stored=given.get("stored", ""),
        stored_digest=given.get("stored_digest", ""),
    )


def check_line(link: Link, wanted: str) -> None:
    """Refuse a serial line that is set otherwise; raises InputError. Other transports have no such settings."""
    actual = link.stream.settings
    if _SERIAL.match(actual) and actual != wanted:
        msg = f"{link.name} is set to {actual}; the controller needs {wanted}"
        raise InputError(msg)


def _whole(given: Mapping[str, str], key: str, *, most: int) -> int:
    text = given.get(key, "1")
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= most:
        msg = f"{key} is {text!r}; a whole number from 1 to {most} is needed"
        raise InputError(msg)
    return int(text)
