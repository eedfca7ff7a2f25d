"""Procedural commands at the working states of operations: where they can be given, one given, and what came of it.

Places are found, not written: every operation of the entry-point group ``cellwright.operations``, in every recipe of
``cellwright.recipes`` that runs on the site, in every state that a good run stays in.
Units: s of simulated time.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import cast

from automation.bootstrap import operations, points
from automation.engine.journal import Enter
from automation.engine.operation import Operation, SafeDevice, SafeProduct
from automation.engine.recipe.load import load
from automation.engine.site import Site
from automation.kernel.clock import MICRO
from automation.ledger.event import Event
from fakes.faults import Faults
from fakes.freezer import Freezer
from tests.storms.run import Weathered, weathered
from tests.support.runs import BATCH, Run, plant_of, when
from tests.support.scenes import order

COMMANDS = ("pause", "unpause", "hold", "hold past", "restart", "stop", "abort")
REFUSED = frozenset({"unpause", "restart"})  # while the batch runs
LATER = 120.0  # s from one order to the next
PAST = 60.0  # s by which the limit that ends first is over when a hold past it ends
WRONG_IN_HOLD, WRONG_IN_PAUSE = 3, 2  # commands that are not possible there, tried while it stands still
PATIENCE = 4  # times that a batch is let go on after a limit has ended
LONGEST_HOLD = 4 * 3600.0  # s; what is due later is not waited for
STEPS = f"batch/{BATCH}/step/"
RECIPES = ("final-day", *sorted(set(points("recipes")) - {"final-day"}))


@dataclass(frozen=True, slots=True)
class Place:
    """A state of a step in a run that nothing disturbs."""

    site: str
    recipe: str
    step: str
    operation: str
    state: str
    begun: float  # UTC s
    stays: float  # s; 0 when it is left in the moment of its entry
    due: float | None  # s after its middle, of the time limit that ends first then


@dataclass(slots=True)
class Case:
    """One command at one place, and what was seen of it."""

    place: Place
    command: str
    found: Weathered | None = None
    refused: list[str] = field(default_factory=list)  # what the orders were refused with, empty when taken
    unsafe: list[str] = field(default_factory=list)  # what a device said when the step was said to be safe
    looked: int = 0
    turns: int = 1  # how often its step is ordered about in the run

    @property
    def run(self) -> Run:
        """Give the run."""
        return cast("Weathered", self.found).run


def home(operation: str) -> str:
    """Name the recipe with the fewest steps that runs an operation; empty when none does."""
    able = (recipe for recipe, named in _operations_run().items() if operation in named)
    return min(able, key=lambda recipe: len(_operations_run()[recipe]), default="")


@cache
def _operations_run() -> Mapping[str, tuple[str, ...]]:
    """Give the operations of the steps of every installed recipe."""
    return {recipe: tuple(step.operation for step in load(recipe, operations()).steps) for recipe in RECIPES}


def missing() -> list[str]:
    """Name the installed operations that no installed recipe runs."""
    return [name for name in sorted(operations()) if not home(name)]


def calm(folder: Path, *, site: str, recipe: str) -> Weathered:
    """Run a batch that nothing disturbs."""
    return weathered(folder, Faults(), site=site, recipe=recipe, watch=_nobody)


def places(undisturbed: Weathered, *, site: str, recipe: str) -> list[Place]:
    """Give every working state that a run stays in, once for each operation and state."""
    named = {step.id: step.operation for step in load(recipe, operations()).steps}
    found: dict[tuple[str, str], Place] = {}
    for step, operation in named.items():
        stream = f"{STEPS}{step}"
        moves = [
            event for event in undisturbed.run.events if event.stream == stream and event.kind in {"enter", "move"}
        ]
        for enter, move in zip(moves[::2], moves[1::2], strict=True):
            state, begun, ended = enter.read(Enter).state, enter.at / MICRO, move.at / MICRO
            due = _due(undisturbed.run, (begun + ended) / 2)
            place = Place(site, recipe, step, operation, state, begun, ended - begun, due)
            if any((known.step, known.state) == (step, state) for known in found.values()):
                continue  # the command is given when the step comes to this state first
            if (operation, state) not in found or found[operation, state].stays < place.stays:
                found[operation, state] = place
    return list(found.values())


def possible(place: Place) -> tuple[str, ...]:
    """Give the commands that are tried at a place; a hold past a limit needs one that ends soon."""
    soon = place.due is not None and place.due < LONGEST_HOLD
    return tuple(command for command in COMMANDS if command != "hold past" or (soon and place.stays))


def controlled(folder: Path, *cases: Case, later: float = LATER) -> None:
    """Run one batch with these commands, each at its own place; the first of them says on which site."""
    first = cases[0].place
    for case in cases:
        case.turns = sum(other.place.step == case.place.step for other in cases)

    def hook(site: Site) -> None:
        for case in cases:
            _order(site, case, later)
            _look_when_safe(site, case)

    found = weathered(folder, Faults(), site=first.site, recipe=first.recipe, watch=hook)
    for case in cases:
        case.found = found


def _order(site: Site, case: Case, later: float) -> None:
    """Give the command in the middle of the state, and what lets the batch go on afterwards."""
    place = case.place
    follow = {"pause": "unpause", "hold": "restart", "hold past": "restart"}.get(case.command)
    wait = (place.due or 0.0) + PAST if case.command == "hold past" else later

    def give(command: str) -> None:
        case.refused.append(order(site, command))

    def begin() -> None:
        give(case.command.partition(" ")[0])
        if follow is not None:
            asyncio.get_running_loop().call_later(wait / 2, wrong)
            asyncio.get_running_loop().call_later(wait, go_on, follow)

    def go_on(command: str) -> None:
        """Let it go on once it stands still: what has no pause goes to its end first."""
        if site.house.door.find("batch", BATCH).state in {"holding", "pausing"}:
            asyncio.get_running_loop().call_later(later, go_on, command)
        else:
            give(command)

    def wrong() -> None:
        """Give what is not possible in the state that was reached; nothing may come of it."""
        for command in {"pause": ("pause", "restart"), "hold": ("hold", "pause", "unpause")}[case.command.split()[0]]:
            give(command)

    when(site, place.step, place.state, begin, after=place.stays / 2)
    if case.command == "hold past":
        _let_go_on(site, case)


def _let_go_on(site: Site, case: Case) -> None:
    """Restart the batch when it comes to be held again: what ended late may need people, who in the end stop it."""
    rounds: list[Event] = []

    def look(event: Event) -> None:
        over = event.stream == f"batch/{BATCH}" and event.kind == "done" and len(case.refused) > WRONG_IN_HOLD + 1
        if over and site.house.door.find("batch", BATCH).state in {"holding", "held"}:
            rounds.append(event)
            command = "restart" if len(rounds) < PATIENCE else "stop"
            asyncio.get_running_loop().call_later(LATER, order, site, command)

    site.house.ledger.subscribe(look)


def _look_when_safe(site: Site, case: Case) -> None:
    """Ask the devices themselves, over their links, once the step is said to be held, stopped or aborted."""
    stream = f"{STEPS}{case.place.step}"
    sides = {"held": "holding", "stopped": "stopping", "aborted": "aborting"}
    tasks: set[asyncio.Task[None]] = set()

    def look(event: Event) -> None:
        safe = event.stream == stream and event.kind == "procedural" and event.fields["state"] in sides
        if safe and _stays_in(site, stream) == case.place.state:
            task = asyncio.get_running_loop().create_task(_ask(site, case, sides[str(event.fields["state"])]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    site.house.ledger.subscribe(look)


def _stays_in(site: Site, stream: str) -> str:
    """Give the working state that a step is in."""
    entered = (e.read(Enter) for e in site.house.ledger.stream(stream) if e.kind == "enter")
    return [one.state for one in entered if not one.within][-1]


async def _ask(site: Site, case: Case, side: str) -> None:
    for said in declared(case.place, side):
        if isinstance(said, SafeDevice):
            case.looked += 1
            answers = await _answers(site, case.place, said)
            wrong = [str(one) for one in answers if one not in said.among]
            allowed = ", ".join(sorted(map(str, said.among)))
            case.unsafe += [
                f"after {side} {said.role}.{said.ask}().{said.reads} is {one}, not {allowed}" for one in wrong
            ]


def declared(place: Place, side: str) -> list[SafeDevice | SafeProduct]:
    """Give what the operation declares as safe after a side visit from this state."""
    operation = cast("Operation", operations()[place.operation].operation)
    return [one for one in operation.safe if side in one.after and (not one.within or place.state in one.within)]


async def _answers(site: Site, place: Place, said: SafeDevice) -> tuple[object, ...]:
    """Give what a device says, off its own panel when nobody can talk to it."""
    bound = next(e for e in site.house.ledger.stream(f"{STEPS}{place.step}") if e.kind == "bound")
    asset = cast("Mapping[str, str]", bound.fields["assets"])[said.role]
    device = site.house.devices[asset].driver
    if getattr(device, "by_person", False):
        return _panel(site, asset, said)
    reply = await getattr(device, said.ask)()
    for link in getattr(device, "links", ()):
        link.take_tape()  # this look is the test's own
    value = getattr(reply, said.reads)
    return tuple(value) if isinstance(value, tuple) else (value,)


def _panel(site: Site, asset: str, said: SafeDevice) -> tuple[object, ...]:
    fake = plant_of(site).fake(site.file.assets[asset].id) if site.file.assets[asset].fake else None
    if isinstance(fake, Freezer):
        fake.measured(site.house.clock.now())
        words = {str(one): one for one in said.among}
        shown = str(fake.programmer_state.value)
        return (words.get(shown, shown),)
    return ()  # a person's own hands at a bench: what they are told is judged


def _nobody(_site: Site) -> None:
    """Command nothing."""


def _due(run: Run, moment: float) -> float | None:
    """Give how long after a moment (s) the time limit is due that ends first of those that count then."""
    counting: dict[str, float] = {}
    for event in run.events:
        if event.at / MICRO > moment:
            break
        if event.stream.startswith("timer/") and event.kind == "start":
            counting[event.stream] = float(str(cast("Mapping[str, object]", event.fields["given"])["due"]))
        elif event.stream.startswith("timer/") and event.kind in {"meet", "overrun", "cancel"}:
            counting.pop(event.stream, None)
    ahead = [due - moment for due in counting.values() if due > moment]
    return min(ahead, default=None)
