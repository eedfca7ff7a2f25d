"""``check``: every gate of a batch or recipe, now and at its planned end, before anybody begins. It changes nothing.

Planned end: now and the sum over the steps that are not over, each its longest stated duration and at least half an
hour; ``--lasting`` says it otherwise. Units: s.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from automation.engine import masters
from automation.engine.past import past
from automation.engine.recipe.load import load
from automation.engine.recipe.model import Literal, Recipe, Step
from automation.engine.recipe.spec import OperationSpec
from automation.engine.sitemodel import SiteFile
from automation.gmp.materials.lots import MaterialLot
from automation.gmp.people.persons import Person
from automation.gmp.plant.assets import Asset
from automation.gmp.product.batches import Batch
from automation.gmp.product.containers import Container
from automation.gmp.words import Right
from automation.kernel.clock import iso
from automation.kernel.errors import InputError
from automation.kernel.machine import Procedural
from automation.kernel.quantity import Instant, Seconds, read
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, say_no, session, site, table
from automation.views.objects import Objects
from automation.views.wording import span

SHORTEST = 1800.0  # s; no step is planned shorter
_DURATION = Seconds
_ENDED = ("complete", "stopped", "aborted", "closed")


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
class _Plan:
    """What is asked: the recipe at a site, from now to the planned end."""

    file: SiteFile
    objects: Objects
    recipe: Recipe
    operations: dict[str, OperationSpec]
    lots: dict[str, str]
    batch: Batch | None
    end: Instant

    @property
    def steps(self) -> list[Step]:
        """Give the steps that are not over."""
        return [step for step in self.recipe.steps if not self._over(step)]

    def _over(self, step: Step) -> bool:
        stream = f"batch/{self.batch.id}/step/{step.id}" if self.batch else ""
        return past("", self.objects.streams.get(stream, [])).stage is Procedural.COMPLETE


@click.command(epilog="Example: cellwright check freeze-day --site ./site-a --lasting '3 h'")
@click.argument("what", metavar="BATCH|RECIPE")
@click.option("--lasting", default="", metavar="DURATION", help="How long it will take; else from the recipe.")
@site
@as_json
@session
def check(session: Session, what: str, lasting: str, folder: Path, *, as_json: bool) -> None:
    """Ask every gate of a batch or recipe through its planned end."""
    takes = float(read(lasting, Seconds, what="--lasting")) if lasting else 0.0
    operations = dict(session.opener.operations())
    with looked(session, folder) as (file, objects):
        thing = objects.find("batch", what)
        batch = thing if isinstance(thing, Batch) and thing.state != "absent" else None
        if batch is not None and batch.state in _ENDED:
            raise InputError(f"batch {what} has ended ({batch.state}); there is nothing left to check")
        recipe = masters.recall(folder, batch, operations) if batch else load(what, operations)
        lots = dict(session.opener.lots(file))
        draft = _Plan(file, objects, recipe, operations, lots, batch, objects.now)
        takes = takes or sum(_longest(step, operations) for step in draft.steps)
        end = Instant(float(objects.now) + takes)
        plan = _Plan(file, objects, recipe, operations, lots, batch, end)
        found = list(gates(plan))
    if as_json:
        lines = [
            {"step": g.step, "what": g.what, "which": g.which, "good": g.good, "problem": g.problem} for g in found
        ]
        emit(
            {
                "simulated": file.simulated,
                "recipe": recipe.header.id,
                "planned_end": iso(end, zone=file.zone),
                "good": all(g.good for g in found),
                "gates": lines,
            }
        )
    else:
        mark(file.name, simulated=file.simulated)
        title = f"{recipe.header.id} version {recipe.header.version}"
        click.echo(f"{title}: planned end {iso(end, zone=file.zone)} ({span(takes)} from now)")
        click.echo(
            table(
                ("step", "gate", "which", "good"),
                ((g.step, g.what, g.which, "yes" if g.good else f"NO: {g.problem}") for g in found),
            )
        )
        bad = sum(not gate.good for gate in found)
        click.echo(f"{bad} of {len(found)} gates are closed" if bad else f"all {len(found)} gates are open")
    if not all(gate.good for gate in found):
        say_no()


def gates(plan: _Plan) -> Iterator[Gate]:
    """Give every gate of the plan."""
    yield from _containers(plan)
    for step in plan.steps:
        yield from _equipment(plan, step)
        yield from _materials(plan, step)
        yield from _people(plan, step)


def _equipment(plan: _Plan, step: Step) -> Iterator[Gate]:
    assets = [thing for thing in plan.objects.every("asset") if isinstance(thing, Asset)]
    for role in step.equipment.values():
        wanted = plan.recipe.equipment[role]
        fitting = [asset for asset in assets if asset.asset_class == wanted and asset.driver]
        if not fitting:
            yield Gate(step.id, wanted, role, "this site has none")
            continue
        best = min(fitting, key=lambda asset: (len(asset.ready(plan.end)), asset.id))
        yield Gate(step.id, wanted, best.id, "; ".join(_lapses(plan, best)))


def _lapses(plan: _Plan, asset: Asset) -> Iterator[str]:
    """Give what is missing now, then what lapses before the planned end."""
    now = asset.ready(plan.objects.now)
    yield from now
    yield from (f"{text} (before the planned end)" for text in asset.ready(plan.end) if text not in now)
    if asset.claim is not None and (plan.batch is None or asset.claim[0] != plan.batch.id):
        yield f"asset {asset.id} is claimed by batch {asset.claim[0]}, step {asset.claim[1]}"


def _materials(plan: _Plan, step: Step) -> Iterator[Gate]:
    for material in plan.recipe.materials:
        if material.step != step.id:
            continue
        name = plan.lots.get(material.name, "")
        lot = plan.objects.find("lot", name) if name else None
        if not isinstance(lot, MaterialLot):
            yield Gate(step.id, f"lot of {material.name}", "", "no lot is set out")
            continue
        missing = lot.ready(plan.objects.now, zone=plan.objects.zone) or lot.ready(plan.end, zone=plan.objects.zone)
        yield Gate(step.id, f"lot of {material.name}", lot.id, "; ".join(missing))


def _people(plan: _Plan, step: Step) -> Iterator[Gate]:
    people = [thing for thing in plan.objects.every("person") if isinstance(thing, Person) and thing.state == "active"]
    trained = [one.id for one in people if one.is_trained(step.operation)]
    perform = [name for name in trained if Right.PERFORM in plan.objects.rights(name)]
    yield Gate(
        step.id,
        f"trained on {step.operation}",
        ", ".join(perform),
        "" if perform else "nobody who may perform it is trained",
    )
    if "verified" in step.signatures:
        second = [one.id for one in people if Right.VERIFY in plan.objects.rights(one.id) and one.id not in perform[:1]]
        yield Gate(step.id, "second person", ", ".join(second), "" if second else "nobody else may verify")


def _containers(plan: _Plan) -> Iterator[Gate]:
    every = [thing for thing in plan.objects.every("container") if isinstance(thing, Container)]
    if plan.batch is not None:
        for name in plan.batch.containers:
            found = next((one for one in every if one.id == name), None)
            right = found is not None and found.identity == plan.batch.identity
            yield Gate("", "container", name, "" if right else "is not known here or of another chain of identity")
        return
    expected = [one.id for one in every if one.state == "expected"]
    yield Gate("", "container", ", ".join(expected), "" if expected else "none is expected at this site")


def _longest(step: Step, operations: dict[str, OperationSpec]) -> float:
    """Give the longest duration that a step states (s)."""
    spec = operations[step.operation]
    stated = [
        float(given.value)
        for name, given in step.given.items()
        if isinstance(given, Literal) and spec.parameters[name].type is _DURATION and isinstance(given.value, float)
    ]
    return max([SHORTEST, *stated])


COMMANDS = {"check": check}
