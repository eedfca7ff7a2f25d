"""A bag of washed cells at a packaged site, formulated and filled by a recipe of the tests; and what happens meanwhile.

Units: s of simulated time.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from automation.engine.journal import Called
from automation.engine.site import Site
from automation.gmp.people.prompts import Prompt
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event
from fakes.faults import Fault, FaultKind
from fakes.panel import Habit, Values
from tests.support.runs import BATCH, LONGEST, Hook, Run, make_site, plant_of, run_batch, staff_of
from tests.support.scenes import change_site

RECIPE = Path(__file__).parents[1] / "data" / "recipes" / "fill-day.yaml"
BAG, TROUGH = "WASH-0001", f"{BATCH}-T"
BALANCE, PRINTER, HANDLER = "balance-01", "printer-01", "handler-02"
TUBES = tuple(f"{BATCH}-{name}" for name in ("V1", "V2", "V3", "V4", "Q1", "Q2"))
_KNOWN = """containers:
  WASH-0001:
    identity: CHA999926W4SH01
    din: A999926000201
    product_code: S12954A0
    kind: bag150
    volume: 20 mL
    sealed_with: SL-60001
"""
_TRUE = """world:
  containers:
    WASH-0001:
      {kind: bag150, volume: 20, live: 1.04e+9, dead: 0.05e+9, density: 1.01, place: bench, temperature: 22}
"""
_PAPERS = """  papers_of:
    WASH-0001: {lowest: 19.5, highest: 23.8}
"""
Do = Callable[[Site], object]


def fill_site(folder: Path, site: str = "b", *changes: tuple[str, str]) -> Path:
    """Make a folder with a packaged site at which a bag of washed cells is expected."""
    made = make_site(folder, site)
    path = made / "site.yaml"
    text = path.read_text(encoding="utf-8").replace("\ncontainers:\n", f"\n{_KNOWN}", 1)
    text = text.replace("world:\n  containers:\n", _TRUE).replace("  papers_of:\n", _PAPERS)
    path.write_text(text, encoding="utf-8")
    return change_site(made, *changes)


def recipe_with(folder: Path, *changes: tuple[str, str]) -> str:
    """Write the recipe of the tests with other values; each old text has to be there. Gives its path."""
    text = RECIPE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "changed.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def fill_day(folder: Path, *hooks: Hook, recipe: str = str(RECIPE), site: str = "b", until: float = LONGEST) -> Run:
    """Run the recipe of the tests at a new site."""
    return run_batch(fill_site(folder / "site", site), *hooks, recipe=recipe, until=until)


def asked(pattern: str, do: Do, *, first: bool = True, times: int = 1) -> Hook:
    """Let something happen when people are asked this: before they do it, or after it. So many times."""
    left = [times]

    def hook(site: Site) -> None:
        staff = staff_of(site)

        async def act(prompt: Prompt) -> Values | None:
            left[0] -= 1
            if not left[0]:
                staff.habits.remove(habit)
            if first:
                do(site)
            values = await staff.work(prompt)
            if not first:
                do(site)
            return values

        habit = Habit(pattern, act)
        staff.habits.append(habit)

    return hook


def called(method: str, do: Do, *, n: int = 1, after: float = 0.0, step: str = "fill") -> Hook:
    """Let something happen at the n-th call of an act of a step, ``after`` s after it was recorded."""

    def hook(site: Site) -> None:
        count = [0]

        def look(event: Event) -> None:
            if event.kind != "call" or event.stream != f"batch/{BATCH}/step/{step}":
                return
            if event.read(Called).method != method:
                return
            count[0] += 1
            if count[0] == n and after:
                asyncio.get_running_loop().call_later(after, do, site)
            elif count[0] == n:
                do(site)

        site.house.ledger.subscribe(look)

    return hook


def hand(asset: str, action: str, **details: object) -> Do:
    """Give what lets a hand act on a device."""
    return lambda site: plant_of(site).hand(asset, action, **details)


def fault(asset: str, kind: FaultKind, *, chunk: int = 1, delay: float = 0.0) -> Do:
    """Give what lets a fault hit the ``chunk``-th bytes that the program sends from now (1..)."""

    def do(site: Site) -> None:
        faults = plant_of(site).faults
        faults.add(Fault(asset, faults.acts.get(asset, 0) + chunk, kind, Seconds(delay)))

    return do


def said(run: Run, *words: str) -> bool:
    """Tell whether for each of these words a deviation of the batch says it."""
    return all(any(word in title for title in run.deviations()) for word in words)


def labels(run: Run, state: str) -> list[str]:
    """Name the labels that stand in a state."""
    return [
        name.partition("/")[2] for name, one in run.things.items() if name.startswith("label/") and one.state == state
    ]


def held(run: Run) -> set[str]:
    """Name the containers of the batch under QA hold."""
    return {
        one.id for name, one in run.things.items() if name.startswith("container/") and getattr(one, "on_hold", False)
    }


def outcome(run: Run) -> tuple[str, str]:
    """Give the state of the batch and of its filling."""
    return run.state, run.step("fill").state
