"""A throwaway simulated site on which one batch runs to the operation that is practised, and the trouble comes.

Units: s of simulated time.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from automation.engine.batches import BatchRun
from automation.engine.journal import Called, Enter
from automation.engine.recipe.model import Recipe
from automation.engine.site import Site
from automation.formulas.identifiers import Kind
from automation.gmp.people.prompts import Prompt
from automation.kernel.errors import InputError
from automation.kernel.machine import Table
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.event import Event
from fakes.drills.troubles import NEWEST, Hand, Spot, Trouble
from fakes.faults import Fault, FaultKind
from fakes.panel import Habit, Values
from fakes.sites.simulated import SimulatedPlant

BATCH = "DRILL-1"
LATE = Seconds(1.5)  # s, of a late answer
AWAY = 2700.0  # s
LOOK = Seconds(5.0)  # s; how often it is looked for a file


@dataclass(frozen=True, slots=True)
class Scene:
    """What is practised: the trouble, the step, the place where it bites, and the device that it befalls."""

    trouble: Trouble
    operation: str
    step: str
    spot: Spot
    asset: str = ""  # none for what people do


@dataclass(slots=True)
class Stage:
    """One drill while it runs: it plants the trouble, and puts it right when somebody does so."""

    site: Site
    run: BatchRun
    scene: Scene
    struck: asyncio.Event = field(default_factory=asyncio.Event)
    struck_at: Instant | None = None
    mended_at: Instant | None = None
    _entered: bool = False
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        """Wait for the moment."""
        self.site.house.ledger.subscribe(self._look)

    @property
    def plant(self) -> SimulatedPlant:
        """Give the plant with its people."""
        return cast("SimulatedPlant", self.site.plant)

    def put_right(self) -> bool:
        """Put right what hands can put right, once; tells whether there was anything to do."""
        if self.struck_at is None or self.mended_at is not None or not self.scene.trouble.mends:
            return False
        self.mended_at = self.site.house.clock.now()
        for hand in self.scene.trouble.mends:
            self._act(hand)
        return True

    def _look(self, event: Event) -> None:
        if event.stream != f"batch/{BATCH}/step/{self.scene.step}":
            return
        spot = self.scene.spot
        if event.kind == "enter" and event.read(Enter).state == spot.state and not self._entered:
            self._entered = True
            if not spot.at_act:
                asyncio.get_running_loop().call_later(spot.after, self._begin)
        elif event.kind == "call" and self._waits and event.read(Called).asset == self.scene.asset:
            self._strike()

    @property
    def _waits(self) -> bool:
        """Tell whether the next act on the device is the moment."""
        return self._entered and self.scene.spot.at_act and self.struck_at is None

    def _begin(self) -> None:
        if any(NEWEST in hand.details.values() for hand in self.scene.trouble.hands):
            self._task = asyncio.get_running_loop().create_task(self._when_there_is_a_file(), name="drill")
        else:
            self._strike()

    async def _when_there_is_a_file(self) -> None:
        while not self._files():
            await self.site.house.clock.sleep(LOOK)
        self._strike()

    def _strike(self) -> None:
        """Let the trouble happen."""
        trouble, now = self.scene.trouble, self.site.house.clock.now()
        self.struck_at = now
        self.struck.set()
        if trouble.wire is not None:
            self._break_wire(trouble.wire)
        for hand in trouble.hands:
            if hand.after:
                asyncio.get_running_loop().call_later(hand.after, self._act, hand)
            else:
                self._act(hand)
        if trouble.people == "away":
            self.plant.people.leave()
            asyncio.get_running_loop().call_later(AWAY, self.plant.people.come_back)
        if trouble.people == "wrong label":
            self._scan_another()

    def _break_wire(self, kind: FaultKind) -> None:
        first = self.plant.faults.acts.get(self.scene.asset, 0) + 1
        delay = LATE if kind is FaultKind.DELAY_REPLY else Seconds(0.0)
        for act in range(first, first + self.scene.trouble.frames):
            self.plant.faults.add(Fault(self.scene.asset, act, kind, delay))

    def _act(self, hand: Hand) -> None:
        details = {name: self._files()[-1] if value == NEWEST else value for name, value in hand.details.items()}
        self.plant.hand(self.scene.asset, hand.action, **details)

    def _files(self) -> list[str]:
        files: Callable[[Instant], dict[str, bytes]] = getattr(self.plant.fake(self.scene.asset), "files", lambda _: {})
        return sorted(files(self.site.house.clock.now()))

    def _scan_another(self) -> None:
        """Let the next scan be that of another patient's container."""
        people = self.plant.people
        own = self.run.batch.identity
        other = next((one for one in self.site.file.containers.values() if one.identity != own), None)
        if other is None:
            raise InputError(f"{self.site.file.name} has no container of another patient", where="containers")

        async def act(_prompt: Prompt) -> Values | None:
            people.habits.remove(habit)
            return {"code": people.symbol(other.identity, str(Kind.COI))}

        habit = Habit(r"Scan the ", act)
        people.habits.insert(0, habit)


def scene_of(site: Site, recipe: Recipe, trouble: Trouble, operation: str) -> Scene:
    """Find the step, the place and the device; raises InputError for what can't be practised here."""
    step = next((step for step in recipe.steps if step.operation == operation), None)
    if step is None:
        runs = ", ".join(dict.fromkeys(one.operation for one in recipe.steps))
        raise InputError(f"--during is {operation!r}; {recipe.header.id} runs {runs}")
    if operation not in trouble.during and trouble.people == "away":  # at the first state of any operation
        return Scene(trouble, operation, step.id, Spot(_first_state(site, operation), after=0.0))
    if operation not in trouble.during:
        raise InputError(f"{trouble.name} comes during {', '.join(trouble.during)}; --during is {operation!r}")
    capabilities = {recipe.equipment[role] for role in step.equipment.values()}
    for spot in trouble.during[operation]:
        if not spot.fakes:
            return Scene(trouble, operation, step.id, spot)
        for asset in site.file.assets.values():
            wired = trouble.wire is None or asset.port
            if asset.fake in spot.fakes and wired and asset.asset_class in capabilities:
                return Scene(trouble, operation, step.id, spot, asset.id)
    wanted = " or ".join(name for spot in trouble.during[operation] for name in spot.fakes)
    raise InputError(f"{trouble.name} during {operation} needs {wanted}; {site.file.name} has none")


def _first_state(site: Site, operation: str) -> str:
    table: Table = getattr(site.house.operations[operation].operation, "table")  # noqa: B009  of the protocol
    return str(table.initial)
