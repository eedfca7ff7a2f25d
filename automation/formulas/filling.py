"""Filling: what fits into which containers, what a mass is as a volume, and whether the whole of it is accounted for.

Units:  mL, g, cells; densities in g/mL.
Source: 21 CFR 211.101 and 211.103 (components and yields), 211.125(c) (labels); JCGM 100:2008 (GUM) 5.2.2 for readings
        that several fills share (density, count), 4.3.7 for what lies anywhere between two bounds.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from automation.formulas.reconciliation import Balance, Line
from automation.formulas.traced import Traced
from automation.kernel.errors import InputError
from automation.kernel.quantity import Millilitres


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many containers of one kind are wanted, and how much goes into each (mL)."""

    number: int
    each: Millilitres

    @property
    def volume(self) -> Millilitres:
        """Give what all of them take (mL)."""
        return self.each * self.number


@dataclass(frozen=True, slots=True)
class Plan:
    """How many of each are filled; the trough takes what is pipetted and what stays in it (mL)."""

    bags: int
    vials: int
    aliquots: int
    trough: Millilitres

    @property
    def containers(self) -> int:
        """Give how many containers are filled."""
        return self.bags + self.vials + self.aliquots


def plan(*, there: Millilitres, rest: Millilitres, bags: Wanted, vials: Wanted, aliquots: Wanted) -> Plan:
    """Give what can be filled from what is there: aliquots for QC first, then bags, then vials.

    ``rest`` (mL) is what stays in the trough, when something is pipetted at all. Raises InputError for a volume that
    is none, and when not even the first container can be filled.
    """
    for what, value in {
        "volume": there,
        "rest": rest,
        "bag": bags.each,
        "vial": vials.each,
        "aliquot": aliquots.each,
    }.items():
        if not math.isfinite(float(value)) or float(value) < 0.0:
            raise InputError(f"{what} is {float(value)} mL; a volume of at least 0 mL is needed")
    pipetted = vials.number or aliquots.number
    left = float(there) - (float(rest) if pipetted else 0.0)
    found: list[int] = []
    for one in (aliquots, bags, vials):
        number = min(one.number, math.floor(left / float(one.each) + 1e-9)) if float(one.each) else 0
        found.append(max(0, number))
        left -= found[-1] * float(one.each)
    if not sum(found):
        raise InputError(f"{float(there):.4g} mL fill none of the containers")
    some = Plan(found[1], found[2], found[0], Millilitres(0.0))
    drawn = vials.each * some.vials + aliquots.each * some.aliquots
    return Plan(some.bags, some.vials, some.aliquots, drawn + rest if some.vials or some.aliquots else drawn)


def anywhere(volume: Millilitres) -> tuple[Millilitres, Millilitres]:
    """Give the best value and its standard uncertainty for what lies anywhere between nothing and a volume (mL)."""
    return volume * 0.5, volume * (1.0 / math.sqrt(12.0))


def closing(
    what: str, *, unit: str, came: Mapping[str, Traced], went: Mapping[str, Traced], sources: Mapping[str, str]
) -> Balance:
    """Give a balance of named amounts, which remember their readings; ``sources`` names those that were not weighed."""
    sides = [(name, amount, True) for name, amount in came.items()]
    sides += [(name, amount, False) for name, amount in went.items()]
    return Balance(
        what,
        unit,
        tuple(
            Line(
                name,
                amount.value,
                amount.standard,
                goes_in,
                source=sources.get(name, "weighed"),
                measured=name not in sources,
                parts=tuple(amount.parts.items()),
            )
            for name, amount, goes_in in sides
        ),
    )
