"""Series of readings that one step of a qualification asks for, each kind judged by a rule with a name.

Units:  those that a rule names; texts such as ``100 uL`` keep the decimals that were written.
Source: ISO 8655-6 (gravimetric test), USP <41> (repeatability of balances); EU GMP Annex 15 (acceptance criteria).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from automation.formulas import gravimetry
from automation.formulas.limits import Limit, Operator, decimal, rounded
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Microlitres

_AMOUNT = re.compile(r"([-+]?[0-9]+(?:\.[0-9]+)?) (\S+)")
_MOST = 400  # readings of one step
_OF_ANOTHER_UNIT = Decimal("0.1")  # of a weight; a spread alone would let readings in another unit pass


@dataclass(frozen=True, slots=True)
class Found:
    """How a series came out, and the sentence that says so."""

    met: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it wants to be given (name to unit), the unit of its readings, and how it judges them."""

    needs: Mapping[str, str]
    unit: str
    judge: Callable[[Sequence[Decimal], Mapping[str, Decimal]], Found]


def amount(text: str, *, unit: str, what: str) -> Decimal:
    """Read ``100 uL``; raises InputError for another unit or no number."""
    found = _AMOUNT.fullmatch(" ".join(text.split()))
    if found is None or found[2] != unit:
        raise InputError(f"{what} is {text!r}; a number in {unit} is needed, for example '2.0 {unit}'")
    return decimal(found[1], what=what)


def check(rule: str, given: Mapping[str, str]) -> None:
    """Raise InputError for a rule that is not known, or one that is not given what it wants, no more and no less."""
    if rule not in RULES:
        raise InputError(f"series is judged by {rule!r}; known: {', '.join(sorted(RULES))}")
    needs = RULES[rule].needs
    if set(needs) != set(given):
        wanted = ", ".join(f"{name} ({unit})" for name, unit in needs.items())
        raise InputError(f"{rule} is given {', '.join(given) or 'nothing'}; it wants {wanted}")
    _read(rule, given)


def readings(text: str, *, count: int) -> tuple[Decimal, ...]:
    """Read so many numbers with blanks between them; raises InputError for more, fewer or no numbers."""
    words = text.split()
    if len(words) != count or count > _MOST:
        raise InputError(f"{len(words)} readings are given; {count} are needed, with blanks between them")
    return tuple(decimal(word, what=f"reading {number}") for number, word in enumerate(words, start=1))


def judge(rule: str, values: Sequence[Decimal], given: Mapping[str, str]) -> Found:
    """Judge a series by its rule; raises InputError for what can't be calculated."""
    return RULES[rule].judge(values, _read(rule, given))


def _read(rule: str, given: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: amount(given[name], unit=unit, what=name) for name, unit in RULES[rule].needs.items()}


def _gravimetric(values: Sequence[Decimal], given: Mapping[str, Decimal]) -> Found:
    asked, water = Microlitres(float(given["volume"])), Celsius(float(given["water"]))
    made = gravimetry.delivered([float(one) for one in values], asked=asked, water=water)
    error, spread = decimal(float(made.error)), decimal(float(made.spread))
    bias = _shown("systematic error", abs(error), most=given["error"], sign="-" if error < 0 else "")
    scatter = _shown("coefficient of variation", spread, most=given["spread"])
    met = bias.met and scatter.met
    return Found(met, f"mean {made.mean:.2f} uL of {given['volume']} uL; {bias.sentence}; {scatter.sentence}")


def _repeatability(values: Sequence[Decimal], given: Mapping[str, Decimal]) -> Found:
    weight = given["weight"]
    far = [one for one in values if abs(one - weight) > weight * _OF_ANOTHER_UNIT]
    if far:
        return Found(False, f"{far[0]} mg is no reading of a weight of {weight} mg; is it in mg?")
    masses, smallest = [float(one) for one in values], float(given["smallest"])
    made = gravimetry.repeatability(masses, division=float(given["division"]), smallest=smallest)
    return _shown(f"2 s over {given['smallest']} mg", decimal(float(made)), most=given["limit"])


def _about(values: Sequence[Decimal], given: Mapping[str, Decimal]) -> Found:
    farthest = max(values, key=lambda one: abs(one - given["about"]))
    found = _shown(
        f"farthest from {given['about']} degC", abs(farthest - given["about"]), most=given["within"], unit="K"
    )
    return Found(found.met, f"{min(values)} to {max(values)} degC; {found.sentence}")


def _shown(what: str, value: Decimal, *, most: Decimal, unit: str = "%", sign: str = "") -> Found:
    """Compare an amount that may not be more than a limit, rounded to the decimals of that."""
    limit = Limit(Operator.AT_MOST, most, unit)
    verb = "meets" if limit.met_by(value) else "is beyond"
    return Found(limit.met_by(value), f"{what} {sign}{rounded(value, limit.decimals)} {unit} {verb} {limit}")


RULES: Final[Mapping[str, Rule]] = {
    "gravimetric": Rule({"volume": "uL", "water": "degC", "error": "%", "spread": "%"}, "mg", _gravimetric),
    "repeatability": Rule({"weight": "mg", "division": "mg", "smallest": "mg", "limit": "%"}, "mg", _repeatability),
    "about": Rule({"about": "degC", "within": "K"}, "degC", _about),
}
"""The rules by which a series is judged, by their names."""
