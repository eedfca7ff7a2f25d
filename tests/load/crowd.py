"""A site for many batches at once: bags of many patients, some cell counters for all of them, scripted people.

It is a simulated site on the ordinary event loop, in real time, whose ledger is written as a live one is: group
commits, each brought to the disk by fsync. Honest about waits: the recipe is the receipt and the count of the freezing
day, whose acts and polls take the fakes a few seconds, and the scripted people do their part in ``PACE`` of a person's
time, as the site's file says. Nothing else is quickened.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar, cast

from automation.bootstrap import Way, open_site, release
from automation.engine.issue import Order, issue, start
from automation.engine.recipe.load import load
from automation.engine.recipe.model import Recipe
from automation.engine.site import Site
from fakes.people import Staff
from fakes.sites.simulated import SimulatedPlant

T = TypeVar("T")
PACE = 0.005  # of a person's time
DUE = "2099-12-31"

_HEAD = """\
site: {name: A crowd, mode: simulated, zone: Europe/Berlin, seed: 1}
roles:
  operator: [perform, verify, read]
  supervisor: [perform, verify, supervise, issue, read]
  quality: [verify, review, approve, investigate, release material, read]
terminals:
  terminal-1: {location: Suite 1}
people:
  anna: {name: Anna Berg, roles: [operator], trained: [receive, count]}
  ben: {name: Ben Okafor, roles: [operator], trained: [receive, count]}
  carla: {name: Carla Reyes, roles: [supervisor], trained: [receive, count]}
  dora: {name: Dora Lind, roles: [quality]}
assets:
"""
_COUNTER = """\
  counter-{number:02d}:
    class: cell counter
    driver: vicell_blu_file
    port: memory
    fake: vicell_blu_file
    maker: Beckman Coulter
    model: Vi-CELL BLU
    serial: SIM-VCB-{number:02d}
    needs_cleaning: false
    qualification: {{due: "{due}", certificate: PQ}}
    calibration: {{due: "{due}", certificate: CAL}}
"""
_EXPECTED = (
    "  BAG-{n:04d}: {{identity: CHA9999{n:08d}, din: A9999{n:08d}, kind: bag20, volume: 20 mL, sealed_with: SL-1}}\n"
)
_THERE = (
    "    BAG-{n:04d}: {{kind: bag20, volume: 20, live: 9e+8, dead: 8e+7, dmso: 0.1, place: fridge, temperature: 4}}\n"
)
_PAPERS = """\
  pace: {pace}
  papers: {{seal: SL-1, lowest: 3.1, highest: 6.4, condition: intact, exposure: 6.0}}
"""
RECIPE = """\
recipe: {id: crowd, version: "1", title: Receipt and count of one bag, status: draft}
product: {name: Cells of nobody, container: bag, starts_from: bag20}
equipment: {counter: cell counter}
steps:
  - id: receive
    operation: receive
    given: {transport_lowest: 2 degC, transport_highest: 8 degC, exposure_longest: 600 min, warn_at: 70 %}
    signatures: [performed, verified]
  - id: count
    operation: count
    equipment: {counter: counter}
    given:
      volume: {from: receive.volume}
      expected_cells: 1e9 cells
      expected_low: 10 %
      expected_high: 1000 %
      sample: 0.1 mL
      differ_at_most: 30 %
      dilution_uncertainty: 2 %
      volume_uncertainty: 3 %
      pairs_at_most: 2
      of_several: neither
    signatures: [performed, verified]
"""


def make(folder: Path, *, batches: int, counters: int, pace: float = PACE) -> Path:
    """Make the folder of a site for so many batches."""
    folder.mkdir(parents=True, exist_ok=True)
    bags = range(1, batches + 1)
    parts = [
        _HEAD,
        *(_COUNTER.format(number=number, due=DUE) for number in range(1, counters + 1)),
        "containers:\n",
        *(_EXPECTED.format(n=n) for n in bags),
        "world:\n  containers:\n",
        *(_THERE.format(n=n) for n in bags),
        _PAPERS.format(pace=pace),
    ]
    (folder / "site.yaml").write_text("".join(parts), encoding="utf-8")
    (folder / "crowd.yaml").write_text(RECIPE, encoding="utf-8")
    return folder


def names(batches: int) -> list[str]:
    """Give the ids of the batches."""
    return [f"C-{n:04d}" for n in range(1, batches + 1)]


def recipe_of(site: Site) -> Recipe:
    """Give the recipe of the crowd."""
    return load(site.folder / "crowd.yaml", site.house.operations)


async def issued(site: Site, made: Recipe, batch: str) -> None:
    """Issue and start one batch, of the bag with its number."""
    order = Order(batch, containers=(f"BAG-{batch[2:]}",), release=release(), reason="load")
    await issue(site, made, order, by="carla")
    await start(site, batch, by="carla")


async def run_all(site: Site, made: Recipe, batches: Sequence[str]) -> list[str]:
    """Run batches that were issued at once; gives how each ended."""
    return await asyncio.gather(*(site.take_up(made, batch).run() for batch in batches))


def staff_of(site: Site) -> Staff:
    """Give the scripted people."""
    return cast("SimulatedPlant", site.plant).people


def at(folder: Path, job: Callable[[Site], Awaitable[T]], *, staffed: bool = True) -> T:
    """Open the site on the ordinary loop, let a job be done there, and close it."""

    async def main() -> T:
        site = await open_site(folder, Way(careful=True, through=True, staffed=staffed))
        try:
            return await job(site)
        finally:
            await site.leave()

    return asyncio.run(main())
