"""The downtime pack of a batch: what stands on the numbered form of each step that is not over.

Read off the recipe in force and the record; what is open is left for the hand. It is printed while the program runs.
Source: EU GMP Annex 11 16 (manual or alternative system when the program is down); 21 CFR 211.186, 211.188(b).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from automation.engine.recipe.model import Recipe, Step
from automation.gmp.marks import of_batch
from automation.gmp.people.prompts import Prompt
from automation.gmp.product.batches import Batch
from automation.views.readiness import Plan
from automation.views.wording import span

LINES = 10  # blank ones, for each form


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form: its number, its step, and what is known before the step is done."""

    number: str
    step: str
    title: str
    operation: str
    given: tuple[tuple[str, str], ...]  # parameter, value as written
    limits: tuple[tuple[str, str], ...]  # result or time, limit as written
    equipment: tuple[tuple[str, str], ...]  # role, class
    materials: tuple[tuple[str, str], ...]  # what, quantity
    signatures: tuple[str, ...]
    questions: tuple[str, ...]  # that stand open


@dataclass(frozen=True, slots=True)
class Pack:
    """All forms of a batch, and what they are of."""

    batch: str
    identity: str
    containers: tuple[str, ...]
    recipe: str
    digest: str
    as_of: int  # event
    sheets: tuple[Sheet, ...]


def pack(plan: Plan, batch: Batch) -> Pack:
    """Give the pack of a batch, numbered on from the forms that it has; without sheets when every step is over."""
    objects, recipe = plan.objects, plan.recipe
    first = sum(1 for _ in objects.marked("form", of_batch(batch.id))) + 1
    sheets = (_sheet(plan, batch, step, number) for number, step in enumerate(plan.steps, first))
    name = f"{recipe.header.id} version {recipe.header.version}"
    as_of = objects.reader.last.seq
    return Pack(batch.id, batch.identity, batch.containers, name, recipe.digest, as_of, tuple(sheets))


def _sheet(plan: Plan, batch: Batch, step: Step, number: int) -> Sheet:
    recipe = plan.recipe
    asking = (one for one in plan.objects.marked("prompt", of_batch(batch.id)) if isinstance(one, Prompt))
    return Sheet(
        number=f"{batch.id}-F{number:02d}",
        step=step.id,
        title=step.title,
        operation=step.operation,
        given=tuple((name.replace("_", " "), one.text) for name, one in step.given.items()),
        limits=tuple(_limits(step, recipe)),
        equipment=tuple((role, recipe.equipment[role]) for role in step.equipment.values()),
        materials=tuple((one.what, str(one.quantity)) for one in recipe.materials if one.step == step.id),
        signatures=tuple(map(str, step.signatures)),
        questions=tuple(
            one.opening.text for one in asking if one.asking and one.opening and recipe.named(one.step) == step.id
        ),
    )


def _limits(step: Step, recipe: Recipe) -> Iterator[tuple[str, str]]:
    for name, limits in step.limits.items():
        bounds = ", ".join(map(str, limits.reject or limits.action or limits.alert))
        yield name.replace("_", " "), bounds
    for one in recipe.time_limits:
        if step.id in {one.start.step, one.end.step}:
            ends = (("at most", one.most), ("at least", one.least))
            said = ", ".join(f"{words} {span(float(end))}" for words, end in ends if end is not None)
            yield f"{one.name}: {one.start.text} to {one.end.text}", said
