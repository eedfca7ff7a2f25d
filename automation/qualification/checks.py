"""The named checks of qualification protocols: what each is told, and what it does. Found by their names.

A check tells what came out and whether that is good; it judges nothing that limits of its step judge.
Source: EU GMP Annex 15, 3.9 to 3.11 (what IQ and OQ include); Annex 11, 4.4, 7.2, 9 and draft 13.
"""

from collections.abc import Mapping
from typing import Final

from automation.engine.recipe.yaml_source import nearest
from automation.kernel.errors import InputError
from automation.qualification.asking import Check, duration, number
from automation.qualification.of_chambers import CHAMBERS
from automation.qualification.of_devices import DEVICES
from automation.qualification.of_system import SYSTEM

CHECKS: Final[Mapping[str, Check]] = {**DEVICES, **CHAMBERS, **SYSTEM}
"""Every check by its name."""

OF_THE_DEVICE: Final = frozenset({*DEVICES, *CHAMBERS}) - {"identify"}
"""Checks that show something of the device, and so of none but the registered one."""


def known(name: str, told: Mapping[str, str]) -> Check:
    """Give a check; raises InputError for one that is not known, or not told what it wants, no more and no less."""
    if name not in CHECKS:
        raise InputError(f"check is {name!r}; {nearest(name, CHECKS)}")
    check = CHECKS[name]
    missing = [one for one in check.needs if one not in told]
    strange = [one for one in told if one not in (*check.needs, *check.may)]
    if missing or strange:
        wanted = ", ".join((*check.needs, *(f"{one} (may be left out)" for one in check.may))) or "nothing"
        wrong = f"lacks {missing[0]}" if missing else f"is told {strange[0]!r}"
        raise InputError(f"check {name} {wrong}; it is told {wanted}")
    for one in told:
        if one in check.numbers:
            number(told, one)
        elif one in check.times:
            duration(told, one)
    return check
