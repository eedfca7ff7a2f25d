"""How contacts are wired, as a site states it: ``door=0:closed, alarm=1:closed, ready=4:open``.

Units:  inputs as the module numbers them, from 0 or 1 on; s.
Source: docs/drivers/digital_inputs.md.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.errors import InputError
from automation.kernel.quantity import Seconds
from instruments.interfaces.contacts import Wired
from instruments.transport.modbus import MOST_BITS

DEBOUNCE, LONGEST = Seconds(0.05), Seconds(2.0)
LAST = 0xFFFF
_ONE = re.compile(r"([a-z][a-z0-9 _-]{0,39})=([0-9]{1,5}):(closed|open)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact: the input that it is wired to (0..), and how it stands while all is well."""

    name: str
    input: int
    wired: Wired


def contacts(text: str, *, first: int) -> tuple[Contact, ...]:
    """Read how contacts are wired; ``first`` is the number of the module's first input. Raises InputError."""
    found = [_contact(one.strip(), first=first) for one in text.split(",") if one.strip()]
    if not found:
        raise InputError("contacts is empty; NAME=INPUT:closed or NAME=INPUT:open is needed, with commas between")
    names, numbers = [one.name for one in found], [str(one.input + first) for one in found]
    for what, values in (("name", names), ("input", numbers)):
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            raise InputError(f"contacts has the {what} {twice[0]!r} twice; each is wired once")
    inputs = [one.input for one in found]
    if max(inputs) - min(inputs) >= MOST_BITS:
        raise InputError(f"contacts spans more than {MOST_BITS} inputs; they are read together")
    return tuple(found)


def _contact(text: str, *, first: int) -> Contact:
    found = _ONE.fullmatch(text)
    if found is None:
        raise InputError(f"contacts has {text!r}; NAME=INPUT:closed or NAME=INPUT:open is needed, as in door=0:closed")
    number = int(found[2])
    if not first <= number <= LAST + first:
        raise InputError(f"contacts has input {number}; {first} to {LAST + first} is allowed, as first is {first}")
    return Contact(found[1], number - first, Wired(found[3]))


def debounce(settings: Mapping[str, str]) -> Seconds:
    """Read for how long a contact has to stay as it is (s); raises InputError."""
    text = settings.get("debounce", str(DEBOUNCE))
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= float(LONGEST):
        raise InputError(f"debounce is {text!r}; seconds from 0 to {float(LONGEST):g} are needed")
    return Seconds(value)


def choice(settings: Mapping[str, str], key: str, allowed: Mapping[str, int]) -> int:
    """Read a setting that is one of a few words; the first one unless it is stated. Raises InputError."""
    text = settings.get(key, next(iter(allowed)))
    if text not in allowed:
        raise InputError(f"{key} is {text!r}; allowed: {', '.join(allowed)}")
    return allowed[text]


def unit(settings: Mapping[str, str]) -> int:
    """Read the address of the module (0 to 255); raises InputError."""
    text = settings.get("unit", "1")
    if not (text.isascii() and text.isdecimal()) or len(text) > 3 or int(text) > 255:
        raise InputError(f"unit is {text!r}; a whole number from 0 to 255 is needed")
    return int(text)
