"""Runs whole batches on simulated sites, with hooks that let something happen at a moment of the run.

``make_site`` makes a folder, ``run_batch`` runs a recipe there in simulated time and gives a ``Run``: how the batch
ended, every event, every object, what people were refused with, and the devices' own counters.
Units: s of simulated time.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from automation.bootstrap import Way, begins, open_site, operations, read_site, release
from automation.engine import masters
from automation.engine.issue import Order, issue, start
from automation.engine.journal import Enter
from automation.engine.past import Past, past
from automation.engine.recipe.load import load
from automation.engine.recipe.model import Recipe, Status
from automation.engine.site import Site
from automation.engine.sitefile import FILE
from automation.gmp.objects import Thing
from automation.gmp.product.batches import Batch, LotType
from automation.gmp.registry import KINDS
from automation.gmp.words import Right
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.event import Event
from automation.opener import packaged
from fakes.people import Staff
from fakes.sites.simulated import SimulatedPlant

BATCH = "B-001"
LONGEST = 30 * 86_400.0  # s of simulated time; a run that hangs ends here


@dataclass(slots=True)
class Run:
    """What a test sees of a run that is over, or that was left open."""

    folder: Path
    state: str = ""
    head: str = ""
    at: Instant = Instant(0.0)
    events: list[Event] = field(default_factory=list)
    things: dict[str, Thing] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)  # what people were refused with
    stuck: list[str] = field(default_factory=list)  # what the scripted people could not do, and why
    acts: dict[str, dict[str, int]] = field(default_factory=dict)  # device's own counters
    error: str = ""

    def step(self, name: str) -> Past:
        """Give the fold of a step."""
        stream = f"batch/{BATCH}/step/{name}"
        return past("", [event for event in self.events if event.stream == stream])

    @property
    def steps(self) -> list[str]:
        """Give the ids of the steps that were begun, in the order of their beginning."""
        prefix = f"batch/{BATCH}/step/"
        return list(dict.fromkeys(e.stream.removeprefix(prefix) for e in self.events if e.stream.startswith(prefix)))

    def kinds(self, name: str) -> list[str]:
        """Give the kinds of a step's events, in order."""
        return [event.kind for event in self.events if event.stream == f"batch/{BATCH}/step/{name}"]

    def deviations(self) -> list[str]:
        """Give the titles of all deviations, in the order of their opening."""
        found = [thing for name, thing in self.things.items() if name.startswith("deviation/")]
        return [str(getattr(getattr(thing, "opening", None), "title", "")) for thing in found]

    def alarms(self) -> list[str]:
        """Give the messages of all alarms that were ever raised."""
        raised = [e for e in self.events if e.stream.startswith("alarm/") and e.kind in {"raise", "again"}]
        return [str(cast("Mapping[str, object]", event.fields["given"])["message"]) for event in raised]


Hook = Callable[[Site], None]


def plant_of(site: Site) -> SimulatedPlant:
    """Give the plant of a simulated site."""
    return cast("SimulatedPlant", site.plant)


def staff_of(site: Site) -> Staff:
    """Give the scripted people."""
    return plant_of(site).people


def when(site: Site, do: Callable[[], object], *, step: str, state: str, after: float = 0.0) -> None:
    """Let something happen once, ``after`` s after a step has entered a state."""
    done: list[bool] = []

    def look(event: Event) -> None:
        if done or event.kind != "enter" or event.stream != f"batch/{BATCH}/step/{step}":
            return
        if event.read(Enter).state == state:
            done.append(True)
            asyncio.get_running_loop().call_later(after, do)

    site.house.ledger.subscribe(look)


def make_site(folder: Path, site: str = "a") -> Path:
    """Make a folder with one of the installed simulated sites (``cellwright.sites``); raises InputError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(packaged(site), encoding="utf-8")
    return folder


def fitting(folder: Path, recipe: str, *sites: str) -> Path:
    """Make a folder with the first of these sites that has the equipment of a recipe; raises InputError without one."""
    needed, lacking = set(load(recipe, operations()).equipment.values()), dict[str, list[str]]()
    for site in sites:
        made = make_site(folder / site, site)
        there = {asset.asset_class for asset in read_site(made).assets.values()}
        if needed <= there:
            return made
        lacking[site] = sorted(needed - there)
    raise InputError(f"no site has the equipment of {recipe}; lacking: {lacking}")


def issuer(site: Site) -> str:
    """Name the first person of a simulated site who may issue batches; raises InputError when nobody may."""
    for person in site.file.people.values():
        if any(Right.ISSUE in site.file.roles.get(role, frozenset()) for role in person.roles):
            return person.id
    raise InputError(f"nobody of {site.file.name} may issue a batch", where="people")


def run_batch(
    folder: Path,
    *hooks: Hook,
    way: Way | None = None,
    recipe: str = "freeze-day",
    changes: Mapping[str, str] | None = None,
    until: float = LONGEST,
) -> Run:
    """Issue, start and run one batch in simulated time; a run that is not over after ``until`` s is left open.

    An approved recipe makes a clinical lot, as those that are installed (all drafts) never do.
    """

    async def main(clock: SimulatedClock) -> Run:
        site = await open_site(folder, with_hooks(way, hooks), clock=clock)
        try:
            made = load(recipe, site.house.operations, changes=changes)
            lot_type = LotType.CLINICAL if made.header.status is Status.APPROVED else LotType.ENGINEERING
            await issue(site, made, Order(BATCH, lot_type, release=release(), reason="test"), by=issuer(site))
            await start(site, BATCH, by=issuer(site))
            return await _finish(site, clock, folder, recipe=made, until=until)
        finally:
            site.close()

    return run_simulated(main, start=begins(folder, read_site(folder)))


def resume_batch(
    folder: Path,
    *hooks: Hook,
    way: Way | None = None,
    down: Seconds = Seconds(0.0),
    recipe: str = "freeze-day",
    until: float = LONGEST,
) -> Run:
    """Open the site again ``down`` s later and let the batch go on."""

    async def main(clock: SimulatedClock) -> Run:
        site = await open_site(folder, with_hooks(way, hooks), clock=clock)
        try:
            made = load(recipe, site.house.operations)
            return await _finish(site, clock, folder, recipe=made, until=until)
        finally:
            site.close()

    return run_simulated(main, start=begins(folder, read_site(folder)) + down)


def with_hooks(way: Way | None, hooks: tuple[Hook, ...]) -> Way:
    """Give a way that calls the hooks when the site is open."""
    plain = way or Way()
    return replace(plain, after=[*plain.after, *hooks])


async def _finish(site: Site, clock: SimulatedClock, folder: Path, *, recipe: Recipe, until: float) -> Run:
    found = Run(folder)
    batch = cast("Batch", site.house.door.find("batch", BATCH))
    amended = masters.recall(folder, batch, site.house.operations) if batch.in_force is not None else recipe
    run = site.take_up(amended, BATCH)
    try:
        async with asyncio.timeout(until):
            await run.run()
    except TimeoutError:
        found.error = "not over"
    found.state, found.at = run.batch.state, clock.now()
    found.head = site.house.ledger.last.hash.hex()
    found.events = list(site.house.ledger.events())
    found.things = {f"{kind}/{thing.id}": thing for kind in KINDS for thing in site.house.door.every(kind)}
    if site.plant is not None:
        found.told, found.stuck = list(staff_of(site).notes), list(staff_of(site).stuck)
        for asset in site.file.assets.values():
            acts = getattr(plant_of(site).fake(asset.id), "acts", None) if asset.fake else None
            if acts is not None:
                found.acts[asset.id] = dict(acts)
    return found
