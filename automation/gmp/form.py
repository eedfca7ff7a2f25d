"""Forms: what a prompt asks for field by field, and whether an answer fits.

Units:  each field states its own; numbers are kept as entered, with the decimals that were typed.
Source: Annex 11 draft 10.1 plausibility checks on manual input; Annex 11 5 built-in checks.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from automation.gmp.words import Body, field
from automation.kernel.errors import InputError, RefusedError

Value = str | float | bool
CODE = "code"  # the field of a scan that names no fields
CHOICE = "choice"  # the field of a choice that names no fields
FILE = "file"  # the field of an attachment: its SHA-256
_CODE = re.compile(r"[!-~\x1d]{1,200}")  # printable and without blanks: a name with its blank is no code
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Field(Body):
    """One field: what to enter, in which unit, within what is plausible."""

    name: str = field(label="Name", length=1)
    label: str = field(label="Label", default="")
    unit: str = field(label="Unit", default="")
    low: float | None = field(label="Lowest plausible", default=None)
    high: float | None = field(label="Highest plausible", default=None)
    decimals: int | None = field(label="Decimals", low=0, default=None)
    options: tuple[str, ...] = field(label="Options", default=())

    @property
    def is_number(self) -> bool:
        """Tell whether a number is wanted: a field with a unit, limits or decimals is one."""
        return bool(self.unit) or any(mark is not None for mark in (self.low, self.high, self.decimals))


@dataclass(frozen=True, slots=True)
class Form:
    """What one prompt wants; ``where`` stands in front of every complaint."""

    kind: str
    fields: tuple[Field, ...]
    options: tuple[str, ...]
    accept: tuple[str, ...]  # the codes that are right; any when empty
    where: str

    def check(self, values: Mapping[str, Value]) -> None:
        """Raise InputError for what can't be read, RefusedError for what is not plausible or not wanted."""
        wanted = {one.name: one for one in self._wanted()}
        optional = {"confirmed"} if self.kind in {"confirm", "timer"} else set()
        unknown, missing = set(values) - set(wanted) - optional, set(wanted) - set(values)
        if unknown or missing:
            wrong = min(unknown or missing)
            why = "is not asked for" if unknown else "is missing"
            names = ", ".join(wanted) or "none"
            raise InputError(f"field {wrong} {why}; the fields are: {names}", where=self.where)
        if self.kind == "confirm" and values.get("confirmed", True) is not True:
            raise InputError(f"confirmed is {values['confirmed']!r}; only true is an answer", where=self.where)
        for name, one in wanted.items():
            self._check_value(one, values[name])

    def typed(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Give the values with numbers where fields want numbers, in the unit of the field."""
        numbers = {one.name for one in self._wanted() if one.is_number}
        return {name: self.number(name, value) if name in numbers else value for name, value in values.items()}

    def number(self, name: str, value: Value) -> float:
        """Give a value as the number it states; raises InputError when it states none."""
        if isinstance(value, bool):
            raise InputError(f"field {name} is {value!r}; a number is needed", where=self.where)
        if isinstance(value, str) and "," in value:
            raise InputError(f"field {name} is {value!r}: write the decimal point as '.', not ','", where=self.where)
        try:
            number = float(value)
        except ValueError:
            raise InputError(f"field {name} is {value!r}; a number is needed", where=self.where) from None
        if not math.isfinite(number):
            raise InputError(f"field {name} is {value!r}; a finite number is needed", where=self.where)
        return number

    def _wanted(self) -> tuple[Field, ...]:
        if self.fields:
            return self.fields
        if self.kind in {"scan", "attach"}:
            return (Field(name=CODE if self.kind == "scan" else FILE),)
        return (Field(name=CHOICE, options=self.options),) if self.options else ()

    def _check_value(self, one: Field, value: Value) -> None:
        if one.options and value not in one.options:
            raise InputError(f"field {one.name} is {value!r}; allowed: {', '.join(one.options)}", where=self.where)
        if self.kind == "attach" and not (isinstance(value, str) and _DIGEST.fullmatch(value)):
            raise InputError(f"field {one.name} is {value!r}; a SHA-256 of 64 hex digits is needed", where=self.where)
        if self.kind == "scan":
            self._check_code(one, value)
        elif one.is_number:
            self._check_number(one, value)
        elif isinstance(value, str) and not value.strip():
            raise InputError(f"field {one.name} is empty", where=self.where)

    def _check_number(self, one: Field, value: Value) -> None:
        number = self.number(one.name, value)
        decimals = len(str(value).partition(".")[2])
        if one.decimals is not None and isinstance(value, str) and decimals > one.decimals:
            allowed = f"at most {one.decimals} decimals are allowed"
            raise InputError(f"field {one.name} is {value!r}; {allowed}", where=self.where)
        low, high = (-math.inf if one.low is None else one.low), (math.inf if one.high is None else one.high)
        if not low <= number <= high:
            allowed = f"{low:.10g} to {high:.10g} {one.unit}".strip()
            raise RefusedError(f"{self.where}: field {one.name} is {value}; plausible is {allowed}")

    def _check_code(self, one: Field, value: Value) -> None:
        """Refuse a code without repeating it: it might be anything that a scanner reads."""
        if not (isinstance(value, str) and _CODE.fullmatch(value)):
            raise InputError(f"field {one.name} is no code: printable characters without blanks are", where=self.where)
        if self.accept and value not in self.accept:
            raise RefusedError(f"{self.where}: field {one.name} is a code, but not one of those that are right here")
