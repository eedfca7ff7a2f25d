"""Limits and how a result is judged by them: decimals as entered, rounded half-up to the limit's decimals, compared.

Values are ``Decimal`` and never binary fractions, so that 0.85 is 0.85; raw and reported value are both kept.
Half-up takes a 5 away from zero (-0.05 becomes -0.1), as one rounds by hand.
Units: the unit in which a limit is written, with its UCUM code in ``UCUM``; a result is judged in the limit's unit.
Source: USP General Notices 7.20 (rounding to the limit's decimals, then comparison); UCUM 2.1 for the codes.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from enum import StrEnum

from automation.kernel.errors import InputError

UCUM = {
    "degC": "Cel", "K": "K", "K/min": "K/min",
    "s": "s", "min": "min", "h": "h", "d": "d",
    "uL": "uL", "mL": "mL", "L": "L", "mg": "mg", "g": "g", "kg": "kg",
    "cells": "{cells}", "cells/mL": "{cells}/mL", "pcs": "{pcs}", "%": "%", "1": "1", "xg": "[g]", "Pa": "Pa",
    "EU/mL": "[EU]/mL", "copies/cell": "{copies}/{cell}", "pg/mL": "pg/mL", "ug/mL": "ug/mL",
    "EU/kg": "[EU]/kg", "mg/kg": "mg/kg", "cells/kg": "{cells}/kg",
}  # fmt: skip
"""Units of limits and amounts, each with its UCUM code."""

_SIZES: dict[str, tuple[str, Decimal]] = {
    "s": ("time", Decimal(1)), "min": ("time", Decimal(60)),
    "h": ("time", Decimal(3600)), "d": ("time", Decimal(86400)),
    "uL": ("volume", Decimal("0.001")), "mL": ("volume", Decimal(1)), "L": ("volume", Decimal(1000)),
    "mg": ("mass", Decimal("0.001")), "g": ("mass", Decimal(1)), "kg": ("mass", Decimal(1000)),
    "1": ("number", Decimal(1)), "pcs": ("number", Decimal(1)),
}  # fmt: skip

_DIGITS = 60  # digits of a number that is still read
_LARGEST = 330  # power of ten, beyond what a float can hold
_FINEST = -15  # exponent of the finest decimal that is still read


class Operator(StrEnum):
    """How a result has to stand to the value of a limit."""

    AT_MOST = "<="
    BELOW = "<"
    AT_LEAST = ">="
    ABOVE = ">"
    EQUAL = "="


class Band(StrEnum):
    """Where a result lies, from good to bad; NOT_EVALUABLE is never a pass."""

    WITHIN = "within limits"
    ALERT = "alert"
    ACTION = "action"
    REJECT = "reject"
    NOT_EVALUABLE = "not evaluable"


class BelowLoq(StrEnum):
    """What a result below the limit of quantitation counts as, by the user's rule; it is never taken for zero."""

    PASS = "pass"  # noqa: S105  a verdict
    FAIL = "fail"
    NOT_EVALUABLE = "not evaluable"


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound: operator, value with its decimals as entered, unit."""

    operator: Operator
    value: Decimal
    unit: str

    @property
    def decimals(self) -> int:
        """Give the decimals of the value as entered; negative for ``1E+6`` (-6)."""
        return -_exponent(self.value)

    def reported(self, raw: Decimal) -> Decimal:
        """Round a raw value (in the limit's unit) half-up to the decimals of the limit."""
        return rounded(raw, self.decimals)

    def met_by(self, raw: Decimal) -> bool:
        """Tell whether a raw value (in the limit's unit) meets the limit after rounding."""
        shown = self.reported(raw)
        match self.operator:
            case Operator.AT_MOST:
                return shown <= self.value
            case Operator.BELOW:
                return shown < self.value
            case Operator.AT_LEAST:
                return shown >= self.value
            case Operator.ABOVE:
                return shown > self.value
            case Operator.EQUAL:
                return shown == self.value

    def __str__(self) -> str:
        return f"{self.operator} {self.value} {self.unit}"


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one result: within every alert limit is good; beyond one of ``reject`` is out of specification."""

    alert: tuple[Limit, ...] = ()
    action: tuple[Limit, ...] = ()
    reject: tuple[Limit, ...] = ()
    below_loq: BelowLoq = BelowLoq.NOT_EVALUABLE

    def worst_first(self) -> Iterator[tuple[Band, Limit]]:
        """Give every limit with the band that lies beyond it."""
        for band, limits in ((Band.REJECT, self.reject), (Band.ACTION, self.action), (Band.ALERT, self.alert)):
            yield from ((band, limit) for limit in limits)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a result counts as: the raw and the reported value, the limit that decided and a sentence for the record."""

    band: Band
    raw: Decimal | None
    reported: Decimal | None
    unit: str
    limit: Limit | None
    sentence: str


def decimal(value: float | str | Decimal, *, what: str = "value") -> Decimal:
    """Give a number as the decimal that its text shows; raises InputError for NaN, infinities and other text."""
    try:
        exact = Decimal(repr(float(value)) if isinstance(value, float) else value)
    except InvalidOperation:
        raise InputError(f"{what} is {value!r}; a number with '.' as decimal point is needed") from None
    if not exact.is_finite() or len(exact.as_tuple().digits) > _DIGITS or abs(exact.adjusted()) > _LARGEST:
        raise InputError(f"{what} is {str(value)[:40]}; a finite number of at most {_DIGITS} digits is needed")
    return exact


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Round half-up, a 5 away from zero, to a number of decimals (negative: before the point)."""
    with localcontext() as context:
        context.prec = 400
        shown = value.quantize(Decimal((0, (1,), -decimals)), rounding=ROUND_HALF_UP)
        return shown or abs(shown)


def convert(value: Decimal, *, given: str, wanted: str, what: str = "value") -> Decimal:
    """Give a value in another unit of the same kind; raises InputError for another kind."""
    if given == wanted:
        return value
    kind, size = _SIZES.get(given, (given, Decimal(1)))
    other, target = _SIZES.get(wanted, (wanted, Decimal(1)))
    if kind != other:
        raise InputError(f"{what} is in {given!r}; {wanted!r} or a unit of the same kind is needed")
    return value * size / target


def parse(text: str, *, what: str = "limit", where: str = "") -> tuple[Limit, ...]:
    """Read ``at least 70.0 %``, ``<= -80 degC`` or ``between -12.0 and -5.0 degC``; raises InputError."""
    words = " ".join(text.split())
    if between := _BETWEEN.fullmatch(words):
        low = _limit(Operator.AT_LEAST, between[1], unit=between[3], what=what, where=where)
        high = _limit(Operator.AT_MOST, between[2], unit=between[3], what=what, where=where)
        if low.value > high.value:
            raise InputError(f"{what} is {text!r}; the lower value comes first", where=where)
        return (low, high)
    if (single := _SINGLE.fullmatch(words)) and single[1] in _WORDS:
        return (_limit(_WORDS[single[1]], single[2], unit=single[3], what=what, where=where),)
    allowed = "'at least 70.0 %', 'at most 60 min', 'above', 'below', 'exactly' or 'between -12.0 and -5.0 degC'"
    raise InputError(f"{what} is {text!r}; write {allowed}", where=where)


_WORDS = {
    "at least": Operator.AT_LEAST, ">=": Operator.AT_LEAST, "at most": Operator.AT_MOST, "<=": Operator.AT_MOST,
    "above": Operator.ABOVE, ">": Operator.ABOVE, "below": Operator.BELOW, "<": Operator.BELOW,
    "exactly": Operator.EQUAL, "=": Operator.EQUAL,
}  # fmt: skip
_NUMBER = r"([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)"
_SINGLE = re.compile(rf"([a-z ]+|[<>=]+) {_NUMBER} (\S+)")
_BETWEEN = re.compile(rf"between {_NUMBER} and {_NUMBER} (\S+)")


def _limit(operator: Operator, number: str, *, unit: str, what: str, where: str) -> Limit:
    if unit not in UCUM:
        raise InputError(f"{what} has the unit {unit!r}; known: {', '.join(UCUM)}", where=where)
    try:
        value = Decimal(number)
    except InvalidOperation:
        raise InputError(f"{what} has the number {number!r}; write for example 70.0", where=where) from None
    if not _FINEST <= _exponent(value) <= -_FINEST:
        raise InputError(f"{what} has the number {number!r}; at most {-_FINEST} decimals are read", where=where)
    return Limit(operator, value, unit)


def judge(
    raw: float | str | Decimal | None, unit: str, limits: Limits, *, what: str, loq: Decimal | None = None
) -> Judgement:
    """Judge a result; ``None`` is not evaluable, and a value below ``loq`` (same unit) follows the rule of ``limits``.

    Raises InputError when the units do not fit.
    """
    if raw is None:
        return Judgement(Band.NOT_EVALUABLE, None, None, unit, None, f"{what}: no value, so not evaluable")
    value = decimal(raw, what=what)
    if loq is not None and value < loq:
        return _below_loq(value, unit, limits, what=what, loq=loq)
    for band, limit in limits.worst_first():
        seen = convert(value, given=unit, wanted=limit.unit, what=what)
        if not limit.met_by(seen):
            shown = limit.reported(seen)
            sentence = f"{what}: {shown} {limit.unit} is beyond the {band} limit {limit}"
            return Judgement(band, value, shown, limit.unit, limit, sentence)
    return _within(value, unit, limits, what=what)


def _within(value: Decimal, unit: str, limits: Limits, *, what: str) -> Judgement:
    tightest = next((limit for limit in (*limits.alert, *limits.action, *limits.reject)), None)
    if tightest is None:
        return Judgement(Band.WITHIN, value, value, unit, None, f"{what}: {value} {unit}; reported without limit")
    shown = tightest.reported(convert(value, given=unit, wanted=tightest.unit, what=what))
    met = " and ".join(str(limit) for limit in _of_unit(limits, tightest.unit))
    return Judgement(Band.WITHIN, value, shown, tightest.unit, tightest, f"{what}: {shown} {tightest.unit} meets {met}")


def _of_unit(limits: Limits, unit: str) -> Iterable[Limit]:
    tight = limits.alert or limits.action or limits.reject
    return (limit for limit in tight if limit.unit == unit)


def _below_loq(value: Decimal, unit: str, limits: Limits, *, what: str, loq: Decimal) -> Judgement:
    bands = {BelowLoq.PASS: Band.WITHIN, BelowLoq.FAIL: Band.REJECT, BelowLoq.NOT_EVALUABLE: Band.NOT_EVALUABLE}
    sentence = f"{what}: below the limit of quantitation (< {loq} {unit}), which counts as {limits.below_loq} by rule"
    return Judgement(bands[limits.below_loq], value, None, unit, None, sentence)


def places(value: Decimal) -> int:
    """Give the decimals of a number as it was entered; negative for ``1E+6`` (-6)."""
    return -_exponent(value)


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise InputError(f"{value} is not a finite number")
    return exponent
