"""Reads JSON of others element by element, so that whatever is wrong is named by its path, its value, what is allowed.

What can be read in two ways is refused: a key twice, NaN, characters that hide or turn round what stands beside them,
and what says that it changes the meaning of the rest (``modifierExtension``, ``implicitRules``), as FHIR asks of who
does not know it.
Units:  numbers stay decimals with the digits that were sent.
Source: HL7 FHIR R5 (JSON representation; 2.1.0.8 modifier extensions; 2.1.28.0.1 string,
        dateTime); RFC 8259; UTR 36 (bidirectional text).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from automation.kernel.errors import InputError
from automation.kernel.untrusted import check_seen, once

LARGEST = 8_000_000
"""Bytes of a file or an answer that are still read."""
_DEEPEST = 60  # elements within one another
_SHOWN = 60  # characters of a value in an error
_CHANGES = ("modifierExtension", "implicitRules")
_ZONED = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})$")


@dataclass(frozen=True, slots=True)
class Element:
    """One object of the JSON, and where it stands."""

    path: str
    values: Mapping[str, object]

    def wrong(self, name: str, why: str) -> InputError:
        """Give the error to raise about one element below."""
        return InputError(f"{self.path}.{name} {why}" if name else f"{self.path} {why}")

    def has(self, name: str) -> bool:
        """Tell whether an element is there."""
        return name in self.values

    def text(self, name: str, *, needed: bool = False) -> str:
        """Give a text, empty when it is not there and not needed; raises InputError for anything else."""
        found = self.values.get(name, "")
        if not isinstance(found, str) or (needed and not found.strip()):
            raise self.wrong(name, "is missing" if name not in self.values else f"is {shown(found)}; a text is needed")
        return found.strip()

    def moment(self, name: str) -> str:
        """Give a moment; raises InputError for one whose zone is left open: the sender's need not be the site's."""
        found = self.text(name, needed=True)
        if "T" in found and _ZONED.search(found) is None:
            raise self.wrong(name, f"is {shown(found)}; a time needs its offset, for example +01:00 or Z")
        return found

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """Give one of some words; raises InputError that lists them."""
        found = self.text(name, needed=True)
        if found not in allowed:
            raise self.wrong(name, f"is {shown(found)}; allowed: {', '.join(allowed)}")
        return found

    def number(self, name: str) -> Decimal:
        """Give a decimal; raises InputError for anything else."""
        found = self.values.get(name)
        if not isinstance(found, Decimal) or not found.is_finite():
            raise self.wrong(name, "is missing" if found is None else f"is {shown(found)}; a number is needed")
        return found

    def child(self, name: str) -> "Element | None":
        """Give an element below, None when it is not there; raises InputError when it is no object."""
        if name not in self.values:
            return None
        return _element(self.values[name], f"{self.path}.{name}")

    def each(self, name: str) -> Iterator["Element"]:
        """Give the elements of a list, none when it is not there; raises InputError when it is none."""
        found = self.values.get(name, [])
        if not isinstance(found, list):
            raise self.wrong(name, f"is {shown(found)}; a list is needed")
        for number, one in enumerate(found):
            yield _element(one, f"{self.path}.{name}[{number}]")


def read(data: bytes, *, resource: str = "Bundle") -> Element:
    """Read one resource; raises InputError for what is no JSON, another resource, or must not be read past."""
    if len(data) > LARGEST:
        raise InputError(f"has {len(data)} bytes; at most {LARGEST} are read")
    try:
        found: object = json.loads(
            data.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=once,
        )
    except UnicodeDecodeError as error:
        raise InputError(f"byte {error.start} is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise InputError(f"is no JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    except InvalidOperation:
        raise InputError("has a number that is out of every range") from None
    except RecursionError:
        raise InputError(f"is nested deeper than {_DEEPEST} elements") from None
    whole = _element(found, resource)
    if whole.values.get("resourceType") != resource:
        raise whole.wrong("resourceType", f"is {shown(whole.values.get('resourceType'))}; a {resource} is needed")
    _check_meaning(whole.values, resource, 0)
    return whole


def shown(value: object) -> str:
    """Give a value as an error shows it: short."""
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _element(value: object, path: str) -> Element:
    if not isinstance(value, dict):
        raise InputError(f"{path} is {shown(value)}; an object is needed")
    return Element(path, value)


def _no_constant(text: str) -> NoReturn:
    raise InputError(f"has {text}, which is no number")


def _check_meaning(value: object, path: str, deep: int) -> None:
    """Refuse what changes the meaning of the rest in a way that nobody here knows, and what nobody would see."""
    if deep > _DEEPEST:
        raise InputError(f"is nested deeper than {_DEEPEST} elements")
    if isinstance(value, str):
        check_seen(value, path)
    elif isinstance(value, dict):
        for name, below in value.items():
            check_seen(name, f"{path}: a name")
            if name in _CHANGES:
                raise InputError(f"{path}.{name} changes the meaning of the rest; none is known here")
            _check_meaning(below, f"{path}.{name}", deep + 1)
    elif isinstance(value, list):
        for number, below in enumerate(value):
            _check_meaning(below, f"{path}[{number}]", deep + 1)
