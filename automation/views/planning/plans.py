"""The plan of a recipe: how long each step takes, after which others, with which equipment, and when people are at it.

Read off a rehearsed batch and kept as a file, so that a board over many patients runs nothing.
Units:  s; ``begin`` and ``end`` of a step from the begin of the batch, of work from the begin of its step.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from automation.engine.recipe.model import Recipe
from automation.kernel.clock import MICRO
from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.views.rehearsal import Calendar
from automation.views.story import Story

_NEAR = 1e-3  # s; two moments that are one
LONGEST = 366 * 86_400.0  # s; of a batch


class Work(msgspec.Struct, frozen=True):
    """Hands-on work within a step."""

    begin: float
    takes: float
    people: int


class StepPlan(msgspec.Struct, frozen=True):
    """One step as it ran in the rehearsal; a later round has a name of its own."""

    step: str
    title: str
    begin: float
    end: float
    after: tuple[str, ...]
    equipment: tuple[str, ...]  # asset classes
    work: tuple[Work, ...] = ()

    @property
    def takes(self) -> float:
        """Give how long it lasts (s)."""
        return self.end - self.begin


class RecipePlan(msgspec.Struct, frozen=True):
    """One recipe as it was rehearsed."""

    recipe: str
    version: str
    product: str
    steps: tuple[StepPlan, ...]

    @property
    def takes(self) -> float:
        """Give how long the batch lasts (s)."""
        return max((step.end for step in self.steps), default=0.0)


def plan_of(story: Story, recipe: Recipe, calendar: Calendar) -> RecipePlan:
    """Give the plan of a batch that was run to its end."""
    zero = float(calendar.begin)
    times = {name: (events[0].at / MICRO - zero, events[-1].at / MICRO - zero) for name, events in story.steps.items()}
    ran = sorted(times, key=lambda name: times[name])
    found = []
    for name in ran:
        begin, end = times[name]
        step = recipe.step(name)
        work = (one for one in calendar.blocks if one.step == name)
        found.append(
            StepPlan(
                step=name,
                title=step.title,
                begin=begin,
                end=end,
                after=tuple(one for one in _before(recipe, name, ran) if times[one][1] <= begin + _NEAR),
                equipment=tuple(dict.fromkeys(recipe.equipment[role] for role in step.equipment.values())),
                work=tuple(Work(float(one.begin) - zero - begin, float(one.takes), len(one.people)) for one in work),
            )
        )
    return RecipePlan(recipe.header.id, recipe.header.version, recipe.product.name, tuple(found))


def _before(recipe: Recipe, name: str, ran: Sequence[str]) -> Iterator[str]:
    """Name what has to be over first: the steps that the recipe says, and earlier rounds of the same part."""
    step, part = recipe.step(name), recipe.part_of(recipe.named(name))
    for other in ran:
        base = recipe.named(other)
        rounds = part is not None and base in part.steps and _round(other, base) < _round(name, recipe.named(name))
        if other != name and (base in step.after or rounds):
            yield other


def _round(name: str, base: str) -> int:
    return int(name.removeprefix(f"{base}-")) if name != base else 1


def write_plan(plan: RecipePlan, path: Path) -> int:
    """Write a plan for later; gives the size (bytes)."""
    return write_whole(path, msgspec.json.format(msgspec.json.encode(plan), indent=1))


def read_plans(paths: Iterable[Path]) -> tuple[RecipePlan, ...]:
    """Read plans; raises InputError for a file that is none, and for two of one version of a recipe."""
    found: dict[tuple[str, str], RecipePlan] = {}
    for path in paths:
        try:
            plan = msgspec.json.decode(path.read_bytes(), type=RecipePlan)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            made = "cellwright rehearse RECIPE --start ... --plan FILE makes one"
            raise InputError(f"{path} is no plan of a recipe ({error}); {made}") from None
        _check(plan, path)
        key = plan.recipe, plan.version
        if key in found:
            raise InputError(f"{path} is a second plan of {plan.recipe} version {plan.version}; give one")
        found[key] = plan
    return tuple(found.values())


def _check(plan: RecipePlan, path: Path) -> None:
    """Raise InputError for steps that no batch could have: each lies in a year, after others that stand before it."""
    known: set[str] = set()
    for step in plan.steps:
        work = all(0.0 <= one.begin <= LONGEST and 0.0 <= one.takes <= LONGEST and one.people >= 0 for one in step.work)
        if not work or not 0.0 <= step.begin <= step.end <= LONGEST:
            raise InputError(f"{path}: step {step.step!r} has times that can't be; 0 to {LONGEST:g} s are allowed")
        if step.step in known or not set(step.after) <= known:
            raise InputError(f"{path}: step {step.step!r} is there twice, or is after one that comes later")
        known.add(step.step)
    if not plan.steps:
        raise InputError(f"{path}: a plan has at least one step")
