"""What happens to a washer during a batch, and what the record says of the wash.

Units: s of simulated time; on site A the program primes, loads (from about 15 s), washes (8 min) and recovers (10 min).
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from automation.engine.site import Site
from automation.gmp.people.prompts import Prompt
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event
from fakes.contents import Contents
from fakes.faults import Fault, FaultKind
from fakes.panel import Habit, Values
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, run_batch, staff_of, when

RECIPE = "final-day"
HARVEST, WASHED = "HARV-0001", f"{BATCH}-W"
LOADING, WASHING, RECOVERING = 120.0, 500.0, 612.0  # s after the start, in steps 2, 3 and 4 of the program


def washed(folder: Path, *hooks: Hook, site: str = "a", until: float = 20_000.0) -> Run:
    """Run the final day up to the end of the wash."""
    return run_batch(make_site(folder, site), *hooks, until_washed, recipe=RECIPE, until=until)


def until_washed(site: Site) -> None:
    """Let people go home when the next step begins."""

    def look(event: Event) -> None:
        if event.stream == f"batch/{BATCH}/step/count-washed":
            staff_of(site).leave()

    site.house.ledger.subscribe(look)


def washer_of(site: Site) -> str:
    """Name the washer of the site."""
    return next(a.id for a in site.file.assets.values() if a.asset_class == "cell washer")


def hand(site: Site, action: str, **details: object) -> None:
    """Let a hand act on the washer."""
    plant_of(site).hand(washer_of(site), action, **details)


def meanwhile(action: str, *, after: float, state: str = "washing", **details: object) -> Hook:
    """Let a hand act on the washer ``after`` s in a state of the wash."""
    return lambda site: when(site, "wash", state, lambda: hand(site, action, **details), after=after)


def first(action: str, **details: object) -> Hook:
    """Let a hand act on the washer before anybody works."""
    return lambda site: hand(site, action, **details)


def at_question(pattern: str, do: Callable[[Site], object], *, times: int = 1) -> Hook:
    """Let something happen just before people answer a question, the first ``times`` times that it is asked."""

    def hook(site: Site) -> None:
        staff, left = staff_of(site), [times]

        async def act(prompt: Prompt) -> Values | None:
            left[0] -= 1
            if not left[0]:
                staff.habits.remove(habit)
            do(site)
            return await staff.work(prompt)

        habit = Habit(pattern, act)
        staff.habits.append(habit)

    return hook


def after_question(pattern: str, do: Callable[[Site], object], *, times: int = 1) -> Hook:
    """Let something happen when people have done what a question asks, before they answer it."""

    def hook(site: Site) -> None:
        staff, left = staff_of(site), [times]

        async def act(prompt: Prompt) -> Values | None:
            left[0] -= 1
            if not left[0]:
                staff.habits.remove(habit)
            values = await staff.work(prompt)
            do(site)
            return values

        habit = Habit(pattern, act)
        staff.habits.append(habit)

    return hook


def break_wire(site: Site, kind: FaultKind, *, frames: int = 1, chunk: int = 1) -> None:
    """Let a fault hit frames to the washer: the ``chunk``-th that the program sends from now (1..), and the next."""
    faults, link = plant_of(site).faults, washer_of(site)
    begin = faults.acts.get(link, 0) + chunk
    for act in range(begin, begin + frames):
        faults.add(Fault(link, act, kind, Seconds(0.0)))


def wire(kind: FaultKind, *, after: float, state: str = "washing", frames: int = 1, chunk: int = 1) -> Hook:
    """Break the wire of the washer ``after`` s in a state of the wash."""
    return lambda site: when(
        site, "wash", state, lambda: break_wire(site, kind, frames=frames, chunk=chunk), after=after
    )


class Inside:
    """Looks into the world when the run is over: what is truly in a container."""

    def __init__(self) -> None:
        """Look at nothing yet."""
        self._site: Site | None = None

    def __call__(self, site: Site) -> None:
        """Remember the site; a hook."""
        self._site = site

    def of(self, container: str) -> Contents:
        """Give the contents of a container."""
        assert self._site is not None
        return plant_of(self._site).world.container(container).contents

    def recovered(self) -> float:
        """Give the share (%) of the live cells of the harvest (1.24e9 at the beginning) in the product bag."""
        return 100.0 * float(self.of(WASHED).live) / 1.24e9


def outcome(run: Run) -> tuple[str, bool]:
    """Give the state of the wash, and whether the product bag is under QA hold."""
    return run.step("wash").state, bool(getattr(run.things.get(f"container/{WASHED}"), "on_hold", False))


def said(run: Run, words: str) -> bool:
    """Tell whether a deviation of the batch says this."""
    return any(words in title for title in run.deviations())


def cleared(run: Run, source: str) -> bool:
    """Tell whether the condition of an alarm of the wash is gone, as the record says."""
    return run.things[f"alarm/{BATCH}.wash.{source}".replace(" ", "-")].state in {"returned", "normal"}


def soon(do: Callable[[], object], after: float) -> None:
    """Let something happen ``after`` s from now."""
    asyncio.get_running_loop().call_later(after, do)
