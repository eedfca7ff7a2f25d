"""What a site says of its controller, checked before anything is sent. Units: none; numbers are addresses."""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.errors import InputError
from instruments.drivers.watlow_f4t.wire import PROFILES
from instruments.interfaces.freezer import PowerFail
from instruments.transport import Link
from instruments.transport.line import line_settings
from instruments.transport.modbus_lines import Framing

FRAMINGS = (Framing.TCP, Framing.RTU)
PER = {"min": 1.0, "h": 60.0}
"""By what a rate in K/min is multiplied, by what the controller counts in."""
KEYS = {
    "rate_per": "what a ramp rate of a profile is counted in at the controller: min or h; read off its panel at OQ",
    "framing": "tcp or rtu; tcp unless stated",
    "unit": "the device's address, 1 to 247; 1 unless stated",
    "profile": f"the number of the stored profile that is written and started, 1 to {PROFILES}; 1 unless stated",
    "alarms": "how many of its alarms are read with each look, 0 to 14; 1 unless stated",
    "power_fail": "what the controller is configured to do when power comes back in a run: continue, hold, reset or "
    "'ramp back'; declared by the site and checked at OQ",
    "line": "the line settings that the controller is configured to; 38400-8N1 unless stated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The site's declarations."""

    per: float  # of a rate in K/min
    framing: Framing
    unit: int
    profile: int
    alarms: int
    power_fail: PowerFail


def settings(given: Mapping[str, str]) -> Settings:
    """Read the site's declarations; raises InputError naming the key."""
    per, framing = given.get("rate_per", ""), given.get("framing", Framing.TCP.value)
    strategy = given.get("power_fail", PowerFail.UNKNOWN.value)
    if per not in PER:
        raise InputError(f"rate_per is {per!r}; {' or '.join(PER)} is needed, as the panel shows it", where="rate_per")
    if framing not in FRAMINGS:
        raise InputError(f"framing is {framing!r}; allowed: {', '.join(FRAMINGS)}", where="framing")
    if strategy not in set(PowerFail):
        raise InputError(f"power_fail is {strategy!r}; allowed: {', '.join(PowerFail)}", where="power_fail")
    return Settings(
        per=PER[per],
        framing=Framing(framing),
        unit=_whole(given, "unit", most=247),
        profile=_whole(given, "profile", most=PROFILES),
        alarms=_whole(given, "alarms", least=0, most=14),
        power_fail=PowerFail(strategy),
    )


def check_line(link: Link, given: Mapping[str, str]) -> None:
    """Refuse a serial line that is set otherwise; raises InputError. Other transports have no such settings."""
    wanted, actual = given.get("line", "38400-8N1"), link.stream.settings
    if actual[:1].isdigit() and line_settings(wanted) != line_settings(actual):
        raise InputError(f"{link.name} is set to {actual}; the controller needs {wanted}", where="line")


def _whole(given: Mapping[str, str], key: str, *, most: int, least: int = 1) -> int:
    text = given.get(key, "1")
    if not (text.isascii() and text.isdecimal()) or len(text) > 3 or not least <= int(text) <= most:
        raise InputError(f"{key} is {text!r}; a whole number from {least} to {most} is needed", where=key)
    return int(text)
