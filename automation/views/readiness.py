"""Every gate of a recipe or batch, now and at its planned end: containers, equipment, lots, people. It changes nothing.

Planned end: now and the sum over the steps that are not over, each its longest stated duration, also of a structure
such as the rules of a culture, and at least half an hour. Lots are set out as the engine does: what expires first,
as long as it holds; what earlier steps take of it is no longer there for later ones.
Units: s; amounts in the unit of the lot.
"""

import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from decimal import Decimal
from enum import StrEnum

from automation.engine.past import past
from automation.engine.recipe.model import Literal, Material, Recipe, Start, Step, Word
from automation.engine.recipe.spec import OperationSpec, parameters_of, without_none
from automation.engine.rounds import goes_on, round_of, was_left_out
from automation.gmp.hazards import unsafe
from automation.gmp.marks import OPEN, of_material
from automation.gmp.materials.lots import MaterialLot
from automation.gmp.openings import unsuited
from automation.gmp.people.persons import Person
from automation.gmp.plant.assets import Asset
from automation.gmp.product.batches import Batch, LotType
from automation.gmp.product.containers import Container
from automation.gmp.qualified import Work, unqualified
from automation.gmp.stock.picking import turn
from automation.gmp.words import Right
from automation.kernel.machine import Procedural
from automation.kernel.quantity import Instant, Seconds
from automation.views.objects import Objects

SHORTEST = 1800.0  # s; no step is planned shorter
_DURATION = Seconds
_DAY = 86_400.0  # s
_WHERE = {Start.EXPECTED: "expected", Start.STORAGE: "stored"}
_OVER = frozenset({"complete", "stopped", "aborted", "closed"})


class Sort(StrEnum):
    """What a gate is about."""

    CONTAINER = "container"
    EQUIPMENT = "equipment"
    MATERIAL = "material"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate and what stands in the way; good when nothing does."""

    step: str
    what: str
    which: str
    problem: str = ""

    @property
    def good(self) -> bool:
        """Tell whether the gate is open."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked: the recipe at a site, from now until it lasts no longer (s; 0: as the recipe states)."""

    objects: Objects
    recipe: Recipe
    operations: Mapping[str, OperationSpec]
    batch: Batch | None = None
    lasting: float = 0.0
    taken: dict[str, Decimal] = field(default_factory=dict)  # of each lot by steps before

    @property
    def takes(self) -> float:
        """Give how long it takes from now (s)."""
        return self.lasting or sum(self._lasts(step) for step in self.steps)

    def _lasts(self, step: Step) -> float:
        """Give how long a step may take, in all its rounds; those of containers are known when they begin."""
        part = self.recipe.part_of(step.id)
        rounds = part.at_most if part is not None and not part.divides else 1
        apart = _DAY if part is not None and part.word is Word.DAILY else 0.0
        return longest(step, self.operations) * rounds + apart * (rounds - 1)

    @property
    def end(self) -> Instant:
        """Give the planned end."""
        return Instant(float(self.objects.now) + self.takes)

    @property
    def steps(self) -> list[Step]:
        """Give the steps that are not over."""
        return [step for step in self.recipe.steps if not self._over(step)]

    def _over(self, step: Step) -> bool:
        if self.batch is None:
            return False
        part, under = self.recipe.part_of(step.id), f"batch/{self.batch.id}/step"
        number = 1
        while part is not None and goes_on(self.objects.streams.get(f"{under}/{round_of(part.steps[0], number)}", [])):
            number += 1
        events = self.objects.streams.get(f"{under}/{round_of(step.id, number)}", [])
        return was_left_out(events) or past("", events).stage is Procedural.COMPLETE


def gates(plan: Plan) -> Iterator[Gate]:
    """Give every gate of the plan."""
    return (gate for _, gate in sorted_gates(plan))


def sorted_gates(plan: Plan) -> Iterator[tuple[Sort, Gate]]:
    """Give every gate of the plan with what it is about."""
    plan.taken.clear()
    end = plan.end
    yield from ((Sort.CONTAINER, one) for one in _containers(plan))
    for step in plan.steps:
        yield from ((Sort.EQUIPMENT, one) for one in _equipment(plan, step, end))
        materials = (one for one in plan.recipe.materials if one.step == step.id)
        yield from ((Sort.MATERIAL, _lot(plan, one, end)) for one in materials)
        yield from ((Sort.PEOPLE, one) for one in _people(plan, step, end))


def longest(step: Step, operations: Mapping[str, OperationSpec]) -> float:
    """Give the longest duration that a step states, in its parameters and in their structures (s)."""
    spec = operations[step.operation]
    literals = ((spec.parameters[name].type, one.value) for name, one in step.given.items() if isinstance(one, Literal))
    return max([SHORTEST, *(found for kind, value in literals for found in _durations(kind, value))])


def _durations(kind: object, value: object) -> Iterator[float]:
    kind, _ = without_none(kind)
    if kind is _DURATION and isinstance(value, float):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for name, spec in parameters_of(type(value), top=False).items():
            yield from _durations(spec.type, getattr(value, name))
    elif isinstance(value, tuple) and typing.get_args(kind):
        for one in value:
            yield from _durations(typing.get_args(kind)[0], one)


def _equipment(plan: Plan, step: Step, end: Instant) -> Iterator[Gate]:
    assets = [thing for thing in plan.objects.every("asset") if isinstance(thing, Asset)]
    chosen = list[str]()
    for role in step.equipment.values():
        wanted = plan.recipe.equipment[role]
        fitting = [asset for asset in assets if asset.asset_class == wanted and asset.driver]
        if not fitting:
            yield Gate(step.id, wanted, role, "this site has none")
            continue
        best = min(fitting, key=lambda asset: (len(asset.ready(end)), asset.id))
        chosen.append(best.id)
        dangers = unsafe(plan.objects, (best.id,), step.hazards, now=plan.objects.now)
        yield Gate(step.id, wanted, best.id, "; ".join((*_lapses(plan, best, end), *dangers)))
    if step.opens is not None and chosen:
        strict = plan.batch is not None and plan.batch.lot_type != LotType.ENGINEERING
        lacking = unsuited(plan.objects, chosen, step.opens, strict=strict)
        yield Gate(step.id, "place", str(step.opens), "; ".join(lacking))


def _lapses(plan: Plan, asset: Asset, end: Instant) -> Iterator[str]:
    """Give what is missing now, then what lapses before the planned end."""
    now = asset.ready(plan.objects.now)
    yield from now
    yield from (f"{text} (before the planned end)" for text in asset.ready(end) if text not in now)
    if asset.claim is not None and (plan.batch is None or asset.claim[0] != plan.batch.id):
        yield f"asset {asset.id} is claimed by batch {asset.claim[0]}, step {asset.claim[1]}"
    if plan.batch is not None:
        yield from asset.unfit_for(plan.batch.id, plan.objects)


def _lot(plan: Plan, material: Material, end: Instant) -> Gate:
    what = f"lot of {material.name}"
    every = plan.objects.marked("lot", of_material(material.name))
    lots = [lot for lot in every if isinstance(lot, MaterialLot)]
    used = next((lot for lot in lots if plan.batch and (plan.batch.id, material.step) in lot.used_in), None)
    if used is not None:
        return Gate(material.step, what, used.id)  # the step has begun and taken it
    if not lots:
        return Gate(material.step, what, "", "no lot is set out")
    wrong = {lot.id: "; ".join(_wrong(plan, lot, material, end)) for lot in lots}
    batch, zone = plan.batch.id if plan.batch else "", plan.objects.zone
    best = min(lots, key=lambda lot: (bool(wrong[lot.id]), *turn(lot, batch=batch, zone=zone)))
    plan.taken[best.id] = plan.taken.get(best.id, Decimal(0)) + material.quantity.value
    return Gate(material.step, what, best.id, wrong[best.id])


def _wrong(plan: Plan, lot: MaterialLot, material: Material, end: Instant) -> Iterator[str]:
    """Give what is missing of a lot now, then what lapses before the planned end, then what is too little."""
    now = lot.ready(plan.objects.now, zone=plan.objects.zone)
    yield from now
    later = lot.ready(end, zone=plan.objects.zone)
    yield from (f"{text} (before the planned end)" for text in later if text not in now)
    wanted, taken = material.quantity, plan.taken.get(lot.id, Decimal(0))
    if lot.unit != wanted.unit:
        yield f"lot {lot.id} is kept in {lot.unit}; {wanted} are needed"
    elif Decimal(str(free := lot.available(plan.batch.id if plan.batch else ""))) - taken < wanted.value:
        before = f", of which {taken} are taken by steps before" if taken else ""
        kept = ", the rest is kept for other batches" if lot.reserved else ""
        yield f"lot {lot.id} has {free:.10g} {lot.unit} left{before}{kept}; {wanted} are needed"


def _people(plan: Plan, step: Step, end: Instant) -> Iterator[Gate]:
    people = [thing for thing in plan.objects.every("person") if isinstance(thing, Person) and thing.state == "active"]
    able = [one.id for one in people if Right.PERFORM in plan.objects.rights(one.id)]
    now = plan.objects.now
    work = Work(step.operation, plan.batch.id if plan.batch else "", None if plan.batch else now)
    perform = [name for name in able if not unqualified(plan.objects, name, work, at=now)]
    later = {name: unqualified(plan.objects, name, work, at=end) for name in perform}
    left = [name for name, lacks in later.items() if not lacks]
    lapses = "; ".join(f"{lacks} (before the planned end)" for lacks in later.values())
    missing = "" if left else lapses or "nobody who may perform it is trained"
    yield Gate(step.id, f"trained on {step.operation}", ", ".join(left or perform), missing)
    if "verified" in step.signatures:
        second = [one.id for one in people if Right.VERIFY in plan.objects.rights(one.id) and one.id not in perform[:1]]
        yield Gate(step.id, "second person", ", ".join(second), "" if second else "nobody else may verify")


def _containers(plan: Plan) -> Iterator[Gate]:
    every = [thing for thing in plan.objects.every("container") if isinstance(thing, Container)]
    if plan.batch is not None:
        for name in plan.batch.containers:
            found = next((one for one in every if one.id == name), None)
            right = found is not None and found.identity == plan.batch.identity
            yield Gate("", "container", name, "" if right else "is not known here or of another chain of identity")
        return
    product = plan.recipe.product
    state, kind = _WHERE[product.starts_in], product.starts_from or "container"
    free = [one.id for one in every if _may_start(one, plan.recipe) and not _is_named(plan, one.id)]
    yield Gate("", f"{kind}, {state}", ", ".join(free), "" if free else f"no {kind} is {state} at this site and free")


def _may_start(container: Container, recipe: Recipe) -> bool:
    """Tell whether a batch of the recipe could begin with the container."""
    wanted = recipe.product.starts_from
    right = container.state == _WHERE[recipe.product.starts_in] and not container.on_hold
    coming = recipe.product.starts_in is Start.STORAGE or not container.parent
    return right and coming and wanted in {"", container.kind}


def _is_named(plan: Plan, container: str) -> bool:
    """Tell whether an open batch was issued for the container."""
    batches = (thing for thing in plan.objects.marked("batch", OPEN) if isinstance(thing, Batch))
    return any(container in one.containers and one.state not in _OVER for one in batches)
