"""Which control chart numbers of a metric carry, what signals on it, and what it says of capability.

Numbers of one heading go in the order in which they came. Measured ones are charted as individuals and moving ranges;
hits of lots by how many lots lie between them (g). What the data do not carry is said, not drawn.
Units: those of the numbers; indices have none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from automation.formulas import spc
from automation.formulas.capability import Capability, capability
from automation.formulas.limits import parse
from automation.formulas.spc import Chart
from automation.formulas.spc_rules import NELSON, Rule, Signal, signals
from automation.formulas.tolerance import Band, band
from automation.kernel.errors import InputError
from automation.views.questions.measures import Number


@dataclass(frozen=True, slots=True)
class Limits:
    """Between what numbers have to lie, in which unit; either may be missing."""

    lower: float | None = None
    upper: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """How numbers are charted: by which rules, with limits from how many first points, between which limits."""

    rules: Sequence[Rule] = NELSON
    baseline: int = 0
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Charted:
    """The charts of one heading with the numbers of their points, or why there are none."""

    what: str
    unit: str
    numbers: tuple[Number, ...]
    charts: tuple[Chart, ...] = ()
    signals: tuple[tuple[Signal, ...], ...] = ()  # of each chart
    band: Band | None = None  # in which most of what comes will lie
    capability: Capability | None = None
    refused: str = ""  # why there is no chart
    incapable: str = ""  # why there is no capability


def limits_of(texts: Sequence[str]) -> Limits:
    """Read limits with their unit, as ``>= 70 %`` and ``<= 99 %``; raises InputError for several units."""
    bounds = [bound for text in texts for bound in parse(text)]
    units = {bound.unit for bound in bounds}
    if len(units) > 1:
        raise InputError(f"the limits are in {', '.join(sorted(units))}; one unit is needed")
    lower = [float(bound.value) for bound in bounds if bound.operator.startswith(">")]
    upper = [float(bound.value) for bound in bounds if bound.operator.startswith("<")]
    return Limits(max(lower, default=None), min(upper, default=None), units.pop() if units else "")


def charted(found: Sequence[Number], asked: Asked, *, rare: float | None) -> tuple[Charted, ...]:
    """Chart numbers heading by heading, those of lots by the ``rare`` value.

    Raises InputError for limits in a unit that none of them has.
    """
    groups: dict[tuple[str, str], list[Number]] = {}
    for one in found:
        groups.setdefault((one.what, one.unit), []).append(one)
    wanted = asked.limits.unit
    if wanted and not any(unit == wanted for _, unit in groups):
        units = ", ".join(sorted({unit for _, unit in groups})) or "nothing"
        raise InputError(f"the limits are in {wanted}; the numbers are in {units}")
    return tuple(_one(some, asked, what=what, unit=unit, rare=rare) for (what, unit), some in groups.items())


def _one(some: Sequence[Number], asked: Asked, *, what: str, unit: str, rare: float | None) -> Charted:
    numbers = tuple(some)
    try:
        made: tuple[Chart, ...]
        if rare is None:
            made = spc.i_mr([one.value for one in some], baseline=asked.baseline)
        else:
            numbers, made = _between(some, rare, asked.baseline)
    except InputError as error:
        return Charted(what, unit, numbers, refused=str(error))
    found = tuple(signals(chart, asked.rules) for chart in made)
    within = band([one.value for one in some]) if rare is None else None
    if rare is not None or asked.limits.unit != unit:
        return Charted(what, unit, numbers, made, found, within)
    try:
        index = capability([one.value for one in some], lower=asked.limits.lower, upper=asked.limits.upper)
    except InputError as error:
        return Charted(what, unit, numbers, made, found, within, incapable=str(error))
    return Charted(what, unit, numbers, made, found, within, index)


def _between(some: Sequence[Number], rare: float, baseline: int) -> tuple[tuple[Number, ...], tuple[Chart]]:
    """Chart how many lots lie before each lot with the rare value."""
    hits: list[Number] = []
    gaps: list[int] = []
    clean = 0
    for one in some:
        if one.value == rare:
            hits.append(one)
            gaps.append(clean)
        clean = 0 if one.value == rare else clean + 1
    if len(hits) < spc.FEWEST:
        few = f"{len(hits)} events in {len(some)} lots: a chart of what lies between needs {spc.FEWEST}"
        raise InputError(f"{few}; the interval says what is known")
    return tuple(hits), (spc.g(gaps, baseline=baseline),)
