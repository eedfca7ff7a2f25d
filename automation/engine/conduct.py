"""Runs a batch in this process until it ends, or until there is a reason to leave it open.

Reasons to leave: a step has entered a state that was asked for, the batch is held or paused and nothing more happens,
or it waits for people and nobody comes. What is left open goes on with ``resume``. In real time only the end ends it.
Units: s of the site's time.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from automation.engine.batches import BatchRun
from automation.engine.journal import Enter, Moved, Waiting
from automation.engine.recipe.model import Recipe
from automation.engine.recipe.spec import OperationSpec
from automation.engine.recipe.yaml_source import nearest
from automation.engine.site import Site
from automation.gmp.marks import OPEN
from automation.gmp.people.prompts import Prompt
from automation.kernel.clock import MICRO, SimulatedLoop
from automation.kernel.errors import InputError
from automation.kernel.machine import Table
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.event import Event

VIGIL = ("monitor/", "call/", "policies")  # streams that go on whether a batch does or not
LOOK = Seconds(300.0)  # s; how often it is looked whether anything still happens
HELD = Seconds(1800.0)  # s without an event; a held or paused batch is left after that
ALONE = Seconds(86_400.0)  # s without an event; a running batch is left after that, unless it waits for a time


class _Until(msgspec.Struct):
    """The part of a wait that says until when it may last (s since 1970; s)."""

    deadline: float | None = None
    duration: float | None = None


class Waits:
    """Until when the steps of a batch wait by themselves, folded from their events."""

    def __init__(self, batch: str) -> None:
        """Know of no wait yet."""
        self._prefix = f"batch/{batch}/step/"
        self._until: dict[str, Instant] = {}

    def take(self, event: Event) -> None:
        """Note that a wait began or ended."""
        if not event.stream.startswith(self._prefix):
            return
        if event.kind == "wait":
            detail = msgspec.json.decode(bytes(event.read(Waiting).detail), type=_Until)
            over = Instant(event.at / MICRO) + Seconds(detail.duration or 0.0)
            self._until[event.stream] = over if detail.deadline is None else Instant(detail.deadline)
        elif event.kind in {"seen", "move", "conclude"}:
            self._until.pop(event.stream, None)

    def going(self, now: Instant) -> bool:
        """Tell whether a wait will end by itself."""
        return any(until > now for until in self._until.values())


@dataclass(frozen=True, slots=True)
class Mark:
    """A state of a step at which a run is left open."""

    step: str
    state: str

    @classmethod
    def read(cls, text: str) -> "Mark":
        """Read ``step.state``; blanks of a state may be written as ``_`` or ``-``."""
        step, dot, state = text.partition(".")
        if not (step and dot and state):
            raise InputError(f"--stop-at is {text!r}; write STEP.STATE, for example freeze.freezing")
        return cls(step, state)

    def check(self, recipe: Recipe, operations: Mapping[str, OperationSpec]) -> None:
        """Raise InputError for a step or state that the recipe does not have."""
        steps = {step.id: step for step in recipe.steps}
        step = steps.get(recipe.named(self.step))
        if step is None:
            raise InputError(f"--stop-at names step {self.step!r}; {nearest(self.step, steps)}")
        table = getattr(operations[step.operation].operation, "table", None)
        states = table.states if isinstance(table, Table) else ()
        if not any(self.fits(state) for state in states):
            raise InputError(f"--stop-at names state {self.state!r} of {self.step}; {nearest(self.state, states)}")

    def fits(self, state: str) -> bool:
        """Tell whether this is the state."""
        return _plain(state) == _plain(self.state)


@dataclass(frozen=True, slots=True)
class Left:
    """How a run was left: the batch's state, and why this process left it."""

    batch: str
    state: str
    why: str  # empty when the batch has ended
    at: Instant
    events: int
    head: str  # hash of the last event, hex
    waits: tuple[str, ...] = ()  # ids of open prompts

    @property
    def ended(self) -> bool:
        """Tell whether the batch has ended."""
        return not self.why


async def conduct(site: Site, run: BatchRun, *, stop_at: Mark | None = None) -> Left:
    """Run a batch until it ends or is left; raises what stopped it."""
    loop = asyncio.get_running_loop()
    leave: asyncio.Future[str] = loop.create_future()
    if stop_at is not None:
        _stop_at(site, run.id, stop_at, _once(leave))
    work = loop.create_task(run.run(), name=f"batch {run.id}")
    watch = loop.create_task(_watch(site, run, _once(leave)), name=f"watch {run.id}")
    try:
        await asyncio.wait({work, leave}, return_when=asyncio.FIRST_COMPLETED)
        why = "" if work.done() else leave.result()
        state = work.result() if work.done() else run.batch.state
    finally:
        for task in (watch, work):
            task.cancel()
        await asyncio.gather(watch, work, return_exceptions=True)
    return left(site, run, state=state, why=why)


def left(site: Site, run: BatchRun, *, state: str, why: str) -> Left:
    """Give how a run stands now."""
    last = site.house.ledger.last
    waits = tuple(prompt.id for prompt in open_prompts(site, run.id))
    if why and site.plant is not None and (stuck := site.plant.stuck()):
        why = f"{why}; the scripted people could not go on: {'; '.join(stuck)}"
    return Left(run.id, str(state), why, Instant(last.at / MICRO), last.seq, last.hash.hex(), waits)


def open_prompts(site: Site, batch: str) -> list[Prompt]:
    """Give what a batch still asks of people."""
    every = (thing for thing in site.house.door.marked("prompt", OPEN) if isinstance(thing, Prompt))
    return [prompt for prompt in every if prompt.batch == batch]


def _stop_at(site: Site, batch: str, mark: Mark, leave: Callable[[str], None]) -> None:
    """Leave when everything waits after a step has entered the state; no act is in flight then."""
    loop = asyncio.get_running_loop()
    stream = f"batch/{batch}/step/{mark.step}"
    reached: list[str] = []

    def look(event: Event) -> None:
        if event.stream != stream or event.kind not in {"enter", "move"}:
            return
        state = event.read(Enter).state if event.kind == "enter" else event.read(Moved).dest
        if mark.fits(state):
            reached.append(f"step {mark.step} is {state}")
            if not isinstance(loop, SimulatedLoop):
                leave(reached[0])

    def before_jump() -> None:
        if reached:
            leave(reached[0])

    site.house.ledger.subscribe(look)
    if isinstance(loop, SimulatedLoop):
        loop.before_jump.append(before_jump)


async def _watch(site: Site, run: BatchRun, leave: Callable[[str], None]) -> None:
    """In simulated time, leave a batch in which nothing happens any more; what watches and reminds does not count."""
    clock, ledger = site.house.clock, site.house.ledger
    heard, waits = [ledger.last.at], Waits(run.id)
    for event in ledger.events(prefix=f"batch/{run.id}/step/"):
        waits.take(event)
    ledger.subscribe(lambda event: heard.append(event.at) if not event.stream.startswith(VIGIL) else None)
    ledger.subscribe(waits.take)
    while clock.simulated:
        await clock.sleep(LOOK)
        del heard[:-1]
        quiet = clock.now() - Instant(heard[0] / MICRO)
        state = run.batch.state
        if state in {"held", "paused"} and quiet >= HELD:
            order = run.batch.order
            leave(f"the batch is {state}" + (f": {order.reason}" if order else ""))
        elif quiet >= ALONE and not waits.going(clock.now()):
            leave("nothing happens any more; it waits for people or equipment")


def _once(leave: asyncio.Future[str]) -> Callable[[str], None]:
    def tell(why: str) -> None:
        if not leave.done():
            leave.set_result(why)

    return tell


def _plain(state: str) -> str:
    return state.replace("_", " ").replace("-", " ").casefold()
