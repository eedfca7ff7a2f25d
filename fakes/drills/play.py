"""Plays a drill: makes a throwaway simulated site, runs a recipe to an operation, and lets somebody handle it.

This is what ``cellwright drill`` does. Nothing of it counts as training, qualification or evidence.
Units: s of simulated time.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from automation.bootstrap import Way, begins, open_site, operations, points, read_site, release
from automation.engine.issue import Order, issue, start
from automation.engine.recipe.load import load
from automation.engine.recipe.yaml_source import nearest
from automation.engine.sitefile import FILE
from automation.engine.sitemodel import SiteFile
from automation.gmp.objects import Thing
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import InputError
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event
from fakes.drills.console import Console, Terminal
from fakes.drills.debrief import Debrief, debrief
from fakes.drills.stage import BATCH, Stage, scene_of
from fakes.drills.troubles import TROUBLES, Trouble
from fakes.faults import Faults
from fakes.supervisor import Supervisor, supervisor_of

LONGEST = 2_592_000.0  # s, 30 days; a drill that hangs ends here
NOTICED, UNNOTICED = 60.0, Seconds(600.0)  # s until an alarm is acknowledged, and until somebody sees what raises none


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """What is practised: which trouble, during which operation, on which site (a packaged one, or a folder's)."""

    trouble: str
    during: str
    site: str = "a"
    recipe: str = ""  # else the first installed one that runs the operation
    seed: int | None = None
    keep: Path | None = None  # the folder in which the site is kept; else it is thrown away


@dataclass(frozen=True, slots=True)
class Line:
    """One trouble as a list shows it."""

    name: str
    what: str
    during: tuple[str, ...]


def listed() -> Sequence[Line]:
    """Give every trouble with the operations during which it can come: what people do, during any installed one."""
    return [Line(one.name, one.what, during(one)) for one in TROUBLES]


def during(trouble: Trouble) -> tuple[str, ...]:
    """Name the operations during which a trouble can come, as far as they are installed."""
    installed = operations()
    named = [name for name in trouble.during if name in installed]
    return (*named, *sorted(set(installed) - set(named))) if trouble.people == "away" else tuple(named)


def home(operation: str) -> str:
    """Name the installed recipe that runs an operation, the final day before others; raises InputError."""
    names = sorted(points("recipes"), key=lambda name: (name != "final-day", name))
    for name in names:
        if any(step.operation == operation for step in load(name, operations()).steps):
            return name
    raise InputError(f"--during is {operation!r}; {nearest(operation, operations())}")


def play(drill: Drill, *, terminal: Terminal | None = None) -> Debrief:
    """Play a drill, handled at a terminal or, without one, by a scripted supervisor.

    Raises InputError for a trouble, operation, recipe or site that is not known or does not fit.
    """
    known = {one.name: one for one in TROUBLES}
    if drill.trouble not in known:
        raise InputError(f"the trouble is {drill.trouble!r}; {nearest(drill.trouble, known)}")
    with _folder(drill.keep) as folder:
        (folder / FILE).write_text(_site_text(drill.site), encoding="utf-8")
        file = read_site(folder)
        _check(file, drill.site)

        async def main(clock: SimulatedClock) -> Debrief:
            return await _played(folder, clock, drill, known[drill.trouble], terminal)

        return run_simulated(main, start=begins(folder, file))


async def _played(
    folder: Path, clock: SimulatedClock, drill: Drill, trouble: Trouble, terminal: Terminal | None
) -> Debrief:
    site = await open_site(folder, Way(seed=drill.seed, faults=Faults()), clock=clock)
    try:
        recipe = load(drill.recipe or home(drill.during), site.house.operations)
        scene = scene_of(site, recipe, trouble, drill.during)
        who = supervisor_of(site).id
        await issue(site, recipe, Order(BATCH, reason="drill", release=release(), seed=site.file.seed), by=who)
        await start(site, BATCH, by=who)
        stage = Stage(site, site.take_up(recipe, BATCH), scene)
        work = asyncio.get_running_loop().create_task(stage.run.run(), name="drill batch")
        if terminal is None:
            await _by_script(stage, work)
        else:
            await Console(stage, work, terminal).handle()
        if work.done():
            work.result()
        return debrief(stage, recipe=recipe.header.id)
    finally:
        await site.leave()


async def _by_script(stage: Stage, work: "asyncio.Task[str]") -> None:
    """Let a scripted supervisor handle it: alarms are acknowledged, what hands can put right is, doubts are decided."""
    supervisor = Supervisor(stage.site, BATCH, looks=2 * NOTICED, put_right=stage.put_right)
    loop = asyncio.get_running_loop()

    def acknowledge(stream: str) -> None:
        if getattr(stage.site.house.door.find("alarm", stream.partition("/")[2]), "unanswered", False):
            supervisor.say(stream, command="acknowledge", body={"comment": "seen, looking at it"})
        loop.call_later(NOTICED, stage.put_right)

    def follow(event: Event, _thing: Thing) -> None:
        if stage.struck_at is not None and event.stream.startswith("alarm/") and event.kind in {"raise", "again"}:
            loop.call_later(NOTICED, acknowledge, event.stream)

    async def look_round() -> None:
        await stage.struck.wait()
        await stage.site.house.clock.sleep(UNNOTICED)
        stage.put_right()

    stage.site.house.door.follow(follow)
    round_ = loop.create_task(look_round(), name="drill round")
    await asyncio.wait({work}, timeout=LONGEST)
    round_.cancel()


def _site_text(site: str) -> str:
    """Give the text of a packaged site, or of a folder's; raises InputError for neither."""
    packaged = points("sites")
    if site in packaged:
        return resources.files(packaged[site].value).joinpath(site).joinpath(FILE).read_text(encoding="utf-8")
    path = Path(site) / FILE
    if not path.exists():
        raise InputError(f"site is {site!r}; a folder with a {FILE} is needed, or {nearest(site, packaged)}")
    return path.read_text(encoding="utf-8")


def _check(file: SiteFile, name: str) -> None:
    """Raise InputError for a site on which nothing may be practised."""
    outside = [asset.id for asset in file.assets.values() if asset.port not in {"", "memory"}]
    if not file.simulated or outside:
        what = "is live" if not file.simulated else f"has devices outside this process ({', '.join(outside)})"
        raise InputError(f"site {name} {what}; a drill runs on fakes in simulated time only")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Give a new folder that is thrown away, or the one that is kept; raises InputError for one in use."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="cellwright-drill-") as name:
            yield Path(name)
        return
    if keep.exists() and any(keep.iterdir()):
        raise InputError(f"{keep} is not empty; name a new folder with --keep")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep
