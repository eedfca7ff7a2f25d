"""Checks that ask an instrument: who it is, what it reads, what it keeps of what was set or loaded.

Units:  as the interface gives them; limits of a step judge numbers in their unit.
Source: EU GMP Annex 15, 3.9 (IQ: as ordered, as specified), 3.11 (OQ: operating range); 21 CFR 211.68(a), 11.10(h).
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Final

import msgspec

from automation.engine.hand import Hand
from automation.engine.recipe.spec import ParameterSpec
from automation.engine.recipe.values import value
from automation.engine.recipe.yaml_source import read_text
from automation.kernel.errors import InputError
from automation.qualification.asking import Asked, Check, Found, number, takes

WORDS = ("maker", "model", "serial", "firmware")
_encode = msgspec.json.Encoder(decimal_format="string").encode


async def identify(asked: Asked) -> Found:
    """Ask the instrument who it is, and compare that with the register."""
    said = await asked.hand().method("identify")()
    register = asked.asset
    seen = {word: str(getattr(said, word, "")) for word in WORDS}
    other = [
        f"{word} {seen[word] or 'not said'}, registered {getattr(register, word)}"
        for word in WORDS
        if getattr(register, word) and seen[word] != getattr(register, word)
    ]
    own = {word: text for word, text in seen.items() if text and word not in asked.device.declared}
    told = ", ".join(f"{word} {text}" for word, text in own.items()) or "nothing of itself"
    verdict = f"; differs: {'; '.join(other)}" if other else "; as registered"
    plate = sorted(word for word in asked.device.declared if seen.get(word))
    left = f"; the site's file alone says its {' and '.join(plate)}: compare its plate" if plate else ""
    return Found(f"says {told}{verdict}{left}", met=not other)


async def read(asked: Asked) -> Found:
    """Read one value of the instrument; limits of the step judge it, or ``is`` says what it has to be."""
    found = await _read(asked.hand(), asked.told["method"])
    if "is" in asked.told:
        return Found(f"{asked.told['method']}: {found}", met=str(found) == asked.told["is"])
    return Found(f"{found:.10g}" if isinstance(found, float) else str(found), met=found is not None)


async def set_and_read(asked: Asked) -> Found:
    """Set a value and read it back; ``within`` (in the unit of the value) says how near it has to come."""
    hand, told = asked.hand(), asked.told
    wanted = value_of(asked, told["value"], method=told["set"], argument=told["argument"])
    await hand.method(told["set"])(**{told["argument"]: wanted})
    found = await _read(hand, told["read"])
    if not isinstance(found, float) or not isinstance(wanted, float):
        return Found(f"set {told['value']}, read back {found}", met=found == wanted)
    unit = told["value"].rpartition(" ")[2]
    far = abs(found - wanted)
    return Found(
        f"set {told['value']}, read back {found:.10g} {unit}",
        met=far <= (number(told, "within") if "within" in told else 0.0),
    )


async def load_and_read(asked: Asked) -> Found:
    """Load a program into the instrument and read back what stands there, segment by segment."""
    hand, told = asked.hand(), asked.told
    wanted = value_of(asked, told["value"], method=told["load"], argument=told["argument"])
    await hand.method(told["load"])(**{told["argument"]: wanted})
    found = await hand.method(told["read"])(**{told["argument"]: wanted})
    same = _encode(found) == _encode(wanted)
    kept = {"loaded.json": _encode(wanted), "read-back.json": _encode(found)}
    return Found("read back what was loaded" if same else "read back another program", met=same, files=kept)


async def _read(hand: Hand, path: str) -> object:
    """Give ``method`` or ``method.field`` of an instrument."""
    method, _, field = path.partition(".")
    found = await hand.method(method)()
    if not field:
        return found
    if not is_dataclass(found) or field not in {one.name for one in fields(found)}:
        raise InputError(f"{method} gives no {field!r}")
    return getattr(found, field)


def value_of(asked: Asked, text: str, *, method: str, argument: str) -> object:
    """Read a value as the method takes it: with its unit, or as YAML as in a recipe."""
    spec = ParameterSpec(argument, takes(asked.device, method, argument=argument))
    return value(read_text(text, name=f"step {asked.step}", inside=argument), spec)


DEVICES: Final[Mapping[str, Check]] = {
    "identify": Check("who the instrument says it is, beside the register", identify),
    "read": Check("one value of the instrument", read, needs=("method",), may=("is",)),
    "set and read back": Check(
        "a set point, written and read back",
        set_and_read,
        needs=("set", "argument", "value", "read"),
        may=("within",),
        numbers=("within",),
    ),
    "load and read back": Check(
        "a program, loaded and read back", load_and_read, needs=("load", "argument", "value", "read")
    ),
}
"""The checks of instruments by their names."""
