"""The scale sheet: every parameter and limit of the steps that go into another vessel, as it is there, and why.

By its unit a value is an amount (it grows with the working volume), a state (it is kept: a density, a temperature, a
share), or neither. What belongs to a sample, a scale or a device is kept. What no rule translates is said
so: programs of devices, rocking, counts, freezing.
Units: those of the parameters; vessels as ``Vessel`` says.
Source: ``automation.formulas.scale``; ICH Q8(R2) 2.5 and part II, appendix 1 (scale-independent parameters).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import get_args

from automation.engine.recipe.model import Literal, Recipe, Reference, Step
from automation.engine.recipe.spec import OperationSpec, ParameterSpec, parameters_of, without_none
from automation.formulas import scale
from automation.formulas.limits import Limit
from automation.kernel.errors import InputError
from automation.kernel.quantity import UNITS, Millilitres

_DIGITS = 4  # of a translated number
_AMOUNTS = frozenset({"mL", "uL", "L", "mg", "g", "kg", "cells"})
_BOUND = re.compile(
    r"sample|uncertainty|tolerance|error|empty|hold_up|chamber|rest|mix_volume|holds|draw|weights|counting|tests|"
    r"aliquots|vials|bags|trough|source_left|stock|acceptance|charge|load_most|cassette|first_place|gloves|tries|events|tubes"
)
_WEIGHED = re.compile(r"\.weights\.(balance_uncertainty|tolerance)$")
_KEPT = {
    "s": "time of the process; handling takes longer, so look at it again",
    "K/min": "what the cells need; that a program gives it has to be shown",
    "xg": "the same force; the way through the liquid may be longer",
    "": "a ratio, the same at every scale",
}
_HAIR = 1.0 + 1e-9  # of rounding
_FLOW = re.compile(r"(gas_flow|perfusion\.rate_most)$")
_FREEZING = re.compile(r"plateau")
_ROCKING = re.compile(r"rock|angle")
_PROGRAM = re.compile(r"programs?$|strategy|pipetting|worksheet")


class Basis(StrEnum):
    """How a value comes from the one before."""

    SCALED = "scaled"
    KEPT = "kept"
    TAKEN = "taken when it runs"
    OPEN = "not translated"


class Keep(StrEnum):
    """What is the same in both vessels, so that amounts follow it."""

    VOLUME = "volume"  # amounts per mL of working volume
    AREA = "area"  # amounts per cm2 of growth surface


@dataclass(frozen=True, slots=True, kw_only=True)
class Vessel:
    """What a vessel is; 0 for what is not stated."""

    volume: Millilitres  # mL, working volume
    area_cm2: float = 0.0  # growth or gas exchange surface, or one side of a flat bag
    stirrer_m: float = 0.0  # diameter
    speed_rpm: float = 0.0
    gas_ml_per_min: float = 0.0
    load: Millilitres = Millilitres(0.0)  # mL that the washer takes at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """What is asked: the steps that are done in the vessel, both vessels, and what is kept."""

    steps: tuple[str, ...]
    before: Vessel
    after: Vessel
    keep: Keep = Keep.VOLUME

    @property
    def ratio(self) -> float:
        """Give how many times an amount is there; raises InputError for surfaces that are not stated."""
        one, before, after = Millilitres(1.0), self.before, self.after
        if self.keep is Keep.AREA:
            if not (before.area_cm2 and after.area_cm2):
                raise InputError("the surface is to be kept; area_cm2 is needed of both vessels")
            return float(scale.medium_at_area(volume=one, before_cm2=before.area_cm2, after_cm2=after.area_cm2))
        return float(scale.volume_at_scale(quantity=one, before=before.volume, after=after.volume))


@dataclass(frozen=True, slots=True)
class Line:
    """One value at both scales."""

    where: str
    before: str
    after: str  # empty for what is not translated
    basis: Basis
    why: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole sheet."""

    recipe: str
    digest: str
    steps: tuple[str, ...]
    keep: Keep
    ratio: float
    lines: tuple[Line, ...]

    @property
    def open(self) -> tuple[Line, ...]:
        """Give what a person has to decide."""
        return tuple(one for one in self.lines if one.basis is Basis.OPEN)


def sheet(recipe: Recipe, operations: Mapping[str, OperationSpec], asked: Scaling) -> Sheet:
    """Translate the steps that are done in the vessel; raises InputError for a step that the recipe has not."""
    if not asked.steps:
        raise InputError(f"name the steps that go into the other vessel; {recipe.header.id} has {_ids(recipe)}")
    chosen = [recipe.step(name) for name in dict.fromkeys(asked.steps)]
    _check_used(asked.before, asked.after)
    ratio = asked.ratio
    lines = [*_vessels(asked.before, asked.after)]
    for step in chosen:
        lines += _parameters(step, operations[step.operation], ratio=ratio, after=asked.after)
        lines += _limits(step, ratio)
        lines += _materials(recipe, step, ratio)
    named = f"{recipe.header.id} {recipe.header.version}"
    return Sheet(named, recipe.digest, tuple(one.id for one in chosen), asked.keep, ratio, tuple(lines))


def _ids(recipe: Recipe) -> str:
    return ", ".join(step.id for step in recipe.steps)


def _check_used(before: Vessel, after: Vessel) -> None:
    """Refuse what would be stated and not looked at: on one side alone, or what is worked out."""
    for name in ("area_cm2", "stirrer_m", "load"):
        if bool(float(getattr(before, name))) != bool(float(getattr(after, name))):
            raise InputError(f"{name} is stated of one vessel; state it of both, or of none")
    for name in ("speed_rpm", "gas_ml_per_min"):
        if getattr(after, name):
            raise InputError(f"{name} of the other vessel is worked out; state it of the one that is known")
    if bool(before.speed_rpm) != bool(before.stirrer_m):
        raise InputError("speed_rpm and stirrer_m go together: power per volume needs both")


def _vessels(before: Vessel, after: Vessel) -> Iterator[Line]:
    """Give what follows from the vessels alone."""
    times = f"{after.volume / before.volume:.4g} times"
    yield Line("vessel.volume", _n(before.volume, "mL"), _n(after.volume, "mL"), Basis.SCALED, times)
    if before.area_cm2 and after.area_cm2:
        yield from _surfaces(before, after)
    if before.stirrer_m and after.stirrer_m and before.speed_rpm:
        yield from _stirrers(before, after)
    if before.gas_ml_per_min:
        flow = scale.gas_flow_at_volume(flow_ml_per_min=before.gas_ml_per_min, before=before.volume, after=after.volume)
        why = "the same gas per volume and minute; bubbles and foam are not"
        yield Line("vessel.gas", _n(before.gas_ml_per_min, "mL/min"), _n(flow, "mL/min"), Basis.SCALED, why)
    if float(before.load) and float(after.load):
        loads = [scale.washer_loads(volume=one.volume, most=one.load) for one in (before, after)]
        why = f"what a washer takes at once: {float(before.load):g} and {float(after.load):g} mL"
        yield Line("vessel.loads", f"{loads[0]} loads", f"{loads[1]} loads", Basis.SCALED, why)


def _surfaces(before: Vessel, after: Vessel) -> Iterator[Line]:
    per = [one.area_cm2 / float(one.volume) for one in (before, after)]
    same = abs(per[1] / per[0] - 1.0) < _HAIR - 1.0
    why = "gas passes as before" if same else "gas that passes the surface changes with it: show oxygen and pH"
    told = [f"{one:.4g} cm2/mL" for one in per]
    yield Line("vessel.surface", told[0], told[1] if same else "", Basis.KEPT if same else Basis.OPEN, why)
    thick = [scale.bag_thickness(volume=one.volume, area_cm2=one.area_cm2) for one in (before, after)]
    rough = (
        f"freezing through takes {thick[1] / thick[0]:.3g} to {(thick[1] / thick[0]) ** 2:.3g} times as long (Plank)"
    )
    yield Line("vessel.thickness", _n(thick[0], "mm"), _n(thick[1], "mm"), Basis.SCALED, rough)


def _stirrers(before: Vessel, after: Vessel) -> Iterator[Line]:
    speed = scale.speed_at_power(
        speed_rpm=before.speed_rpm,
        before_m=before.stirrer_m,
        after_m=after.stirrer_m,
        before=before.volume,
        after=after.volume,
    )
    why = "the same power per volume, stirrers of one shape"
    yield Line("vessel.speed", _n(before.speed_rpm, "1/min"), _n(speed, "1/min"), Basis.SCALED, why)
    pairs = ((before.speed_rpm, before.stirrer_m), (speed, after.stirrer_m))
    tips = [scale.tip_speed(speed_rpm=rpm, impeller_m=size) for rpm, size in pairs]
    yield Line("vessel.tip", _n(tips[0], "m/s"), _n(tips[1], "m/s"), Basis.OPEN, "follows from it: judge the shear")


def _parameters(step: Step, spec: OperationSpec, *, ratio: float, after: Vessel) -> Iterator[Line]:
    for name, given in step.given.items():
        where = f"{step.id}.{name}"
        if isinstance(given, Reference):
            yield Line(where, f"from {given.text}", "", Basis.TAKEN, "a result of the step before")
        elif isinstance(given, Literal):
            leaves = _leaves(where, given.value, spec.parameters[name])
            yield from (_line(leaf, ratio=ratio, after=after) for leaf in leaves if leaf.counts)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One value that stands in a parameter."""

    path: str
    spec: ParameterSpec
    value: object

    @property
    def is_program(self) -> bool:
        """Tell whether it is a program or method of a device, whatever stands in it."""
        return bool(_PROGRAM.search(self.path.rpartition(".")[2]))

    @property
    def counts(self) -> bool:
        """Tell whether it is a number; words are the same at every scale, and not told."""
        return self.is_program or (isinstance(self.value, int | float) and not isinstance(self.value, bool))

    @property
    def number(self) -> float:
        """Give the number; 0 for a program."""
        return float(self.value) if isinstance(self.value, int | float) else 0.0


def _leaves(path: str, value: object, spec: ParameterSpec) -> Iterator[_Leaf]:
    """Give the single values of a structure with their types; a program of a device is one."""
    kind, _ = without_none(spec.type)
    leaf = _Leaf(path, replace(spec, type=kind), value)
    if is_dataclass(value) and not isinstance(value, type) and not leaf.is_program:
        known = parameters_of(type(value), top=False)
        for one in fields(value):
            yield from _leaves(f"{path}.{one.name}", getattr(value, one.name), known[one.name])
    elif isinstance(value, tuple) and not leaf.is_program:
        of = get_args(kind)[0] if get_args(kind) else str
        for number, one in enumerate(value, 1):
            yield from _leaves(f"{path}[{number}]", one, ParameterSpec(spec.name, of))
    elif value is not None:
        yield leaf


def _line(leaf: _Leaf, *, ratio: float, after: Vessel) -> Line:
    unit = UNITS.get(leaf.spec.type, "")
    before = _n(leaf.number, unit)
    if leaf.is_program:
        return Line(leaf.path, "as it stands", "", Basis.OPEN, "of a device: develop and qualify it for the new volume")
    if why := _open(leaf, unit):
        return Line(leaf.path, before, "", Basis.OPEN, why)
    if _BOUND.search(leaf.path):
        heavier = "of the balance: look whether it carries the other mass, and how surely"
        why = heavier if _WEIGHED.search(leaf.path) else "belongs to a sample, a scale or a device"
        return Line(leaf.path, before, before, Basis.KEPT, why)
    flows = bool(_FLOW.search(leaf.path))
    if unit not in _AMOUNTS and not flows:
        return Line(leaf.path, before, before, Basis.KEPT, _KEPT.get(unit, "a state, the same at every scale"))
    made = leaf.number * ratio
    if unit == "mL" and made > float(after.volume) * _HAIR:
        return Line(leaf.path, before, "", Basis.OPEN, f"{_n(made, unit)} would be more than the vessel holds")
    low, high = leaf.spec.low, leaf.spec.high
    if (low is not None and made < low) or (high is not None and made > high):
        return Line(leaf.path, before, "", Basis.OPEN, f"{_n(made, unit)} is beyond what a recipe may state")
    why = "a flow, with the vessel" if flows else "an amount, with the vessel"
    return Line(leaf.path, before, _n(made, unit), Basis.SCALED, why)


def _open(leaf: _Leaf, unit: str) -> str:
    """Say why no rule translates a number; empty when one does."""
    if _ROCKING.search(leaf.path):
        return "for another bag as its maker states, or from own runs"
    if _FREEZING.search(leaf.path) and unit == "s":
        return "longer in a thicker bag: from own runs, see vessel.thickness"
    if isinstance(leaf.value, int) and not unit and not _BOUND.search(leaf.path):
        return "a number of things, to be decided"
    return ""


def _limits(step: Step, ratio: float) -> Iterator[Line]:
    for name, limits in step.limits.items():
        for band, limit in limits.worst_first():
            where = f"{step.id}.limits.{name}.{band}"
            if _FREEZING.search(name):
                yield Line(where, str(limit), "", Basis.OPEN, "longer in a thicker bag: from own runs")
            elif limit.unit in _AMOUNTS:
                made = Limit(limit.operator, _times(limit.value, ratio), limit.unit)
                why = "an amount, with the vessel; confirm it by data"
                yield Line(where, str(limit), str(made), Basis.SCALED, why)
            elif limit.unit in {"pcs", "1"}:
                yield Line(where, str(limit), "", Basis.OPEN, "a number of things, to be decided")
            else:
                yield Line(where, str(limit), str(limit), Basis.KEPT, "a state, the same at every scale")


def _materials(recipe: Recipe, step: Step, ratio: float) -> Iterator[Line]:
    for one in recipe.materials:
        if one.step != step.id:
            continue
        where = f"{step.id}.materials.{one.name}"
        if one.quantity.unit in _AMOUNTS:
            made = f"{_times(one.quantity.value, ratio)} {one.quantity.unit}"
            yield Line(where, str(one.quantity), made, Basis.SCALED, "an amount, with the vessel")
        else:
            yield Line(where, str(one.quantity), "", Basis.OPEN, "a number of things, or another size of them")


def _times(value: Decimal, ratio: float) -> Decimal:
    return Decimal(f"{float(value) * ratio:.{_DIGITS}g}")


def _n(value: float | Millilitres, unit: str) -> str:
    number = float(value)
    for long, name in ((3600.0, "h"), (60.0, "min")):
        if unit == "s" and number >= long and number % long == 0.0:
            number, unit = number / long, name
    return f"{number:.{_DIGITS}g} {unit}".rstrip()
