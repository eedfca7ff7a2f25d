"""Short runs that take the ways no test takes: what people answer, what devices do, and other numbers of a recipe.

``python -m tests.plant.branches`` plays them and looks which ways their ledgers show (``tests/plant/ways.yaml``).
Units: s of simulated time. Every run is undisturbed but for what its line says.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automation.bootstrap import begins, open_site, read_site, release
from automation.engine.issue import Order, issue, start
from automation.engine.journal import Enter
from automation.engine.recipe.load import load
from automation.engine.site import Site
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.ledger.event import Event
from protocols.operations.spin import KEEP
from tests.storms.crew import Crew
from tests.support.runs import BATCH, Hook, make_site, plant_of, when, with_hooks
from tests.support.scenes import answer, change_site, choose, differs, late
from tests.support.washes import RECOVERING, WASHING, at_question, meanwhile

SOON, DAY = 40_000.0, 86_400.0
WHOLE = 60 * DAY  # no recipe is longer
BAGS = ("BAG-0102", "BAG-0103", "BAG-0104", "BAG-0105")
SHELF = "    stored_at: LN2-1/R1/B1/01\n"
INSIDE = "    BAG-0101: {kind: bag50"


@dataclass(frozen=True, slots=True)
class Scene:
    """One run: its recipe, what differs, and after how long it is left."""

    recipe: str
    hooks: tuple[Hook, ...] = ()
    changes: Mapping[str, str] = field(default_factory=dict)  # of parameters
    site: tuple[tuple[str, str], ...] = ()  # old and new text of the site file
    containers: tuple[str, ...] = ()
    until: float = SOON


def play(folder: Path, scene: Scene) -> str:
    """Run a scene in a new folder, and give how the batch stands; what it shows stands in the ledger there."""
    site = change_site(make_site(folder, "a"), *scene.site)

    async def main(clock: SimulatedClock) -> str:
        house = await open_site(site, with_hooks(None, scene.hooks), clock=clock)
        try:
            recipe = load(scene.recipe, house.house.operations, changes=scene.changes)
            await issue(
                house, recipe, Order(BATCH, containers=scene.containers, release=release(), reason="scene"), by="carla"
            )
            await start(house, BATCH, by="carla")
            run = house.take_up(recipe, BATCH)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(scene.until):
                    await run.run()
            return str(run.batch.state)
        finally:
            house.close()

    return run_simulated(main, start=begins(site, read_site(site)))


def people(site: Site) -> None:
    """Let people decide, and let the batch go on where it is held."""
    Crew(site)


def often(hook: Hook, times: int = 3) -> tuple[Hook, ...]:
    """Let something be so several times."""
    return (hook,) * times


def hand(asset: str, action: str, *, step: str, state: str, after: float = 1.0, **details: object) -> Hook:
    """Let a hand act on a device ``after`` s after a step has entered a state."""
    return lambda site: when(site, step, state, lambda: plant_of(site).hand(asset, action, **details), after=after)


def at_once(asset: str, action: str, *, step: str, state: str, **details: object) -> Hook:
    """Let a hand act on a device in the moment in which a step enters a state, before it looks."""

    def hook(site: Site) -> None:
        def look(event: Event) -> None:
            entered = event.kind == "enter" and event.stream == f"batch/{BATCH}/step/{step}"
            if entered and event.read(Enter).state == state:
                plant_of(site).hand(asset, action, **details)

        site.house.ledger.subscribe(look)

    return hook


def _more_bags() -> tuple[tuple[str, str], ...]:
    """Put four more bags into the store."""
    listed = "".join(
        f"  {name}:\n    identity: CHA999926ST0R01\n    din: A9999260005{n:02d}\n    product_code: S12954A0\n"
        f"    kind: bag50\n    volume: 50 mL\n    stored_at: LN2-1/R1/B1/{n + 20:02d}\n"
        for n, name in enumerate(BAGS, start=2)
    )
    made = "".join(
        f"    {name}: {{kind: bag50, volume: 50, live: 2.0e+9, dmso: 0.1, place: storage, temperature: -190}}\n"
        for name in BAGS
    )
    return (SHELF, SHELF + listed), (INSIDE, made + INSIDE)


def _load(site: Site) -> None:
    """Let something lie on the pan."""
    plant_of(site).hand("balance-01", "load", mass=5.0)


FROZEN = ("car-t-frozen", "car-t-frozen-13-day", "car-t-frozen-pd")
CENTRIFUGE, THAWER, PLATES = "centrifuge-01", "thawer-01", "platform-01"
FREEZER = "crf-01"
DECIDE = r"What is done\?$"
REASON = answer(r"You chose: ", reason="as people see it")
BUCKETS, EXAMINE = r"^Weigh the bucket", r"^Examine the container"

SCENES: Mapping[str, Scene] = {
    "a count that nobody believes": Scene(
        "freeze-day",
        often(choose(r"Is there a slip", "count again"), 2),
        changes={"count.expected_low": "100 %", "count.expected_high": "100 %"},
    ),
    "a rocking culture that people stop": Scene("rocking-culture", (choose(DECIDE, "stop"), REASON), until=20 * DAY),
    "a rocking culture that people extend": Scene(
        "rocking-culture", (choose(DECIDE, "extend"), REASON, answer(r"^How much medium", volume=20.0)), until=20 * DAY
    ),
    "power lost below the last temperature": Scene(
        "freeze-day",
        (
            hand(FREEZER, "power", step="freeze", state="freezing", after=3600.0, on=False),
            hand(FREEZER, "power", step="freeze", state="freezing", after=3660.0, on=True),
        ),
        site=(("power_fail: continue", "power_fail: reset"),),
    ),
    "power lost on the plateau": Scene(
        "freeze-day",
        (
            hand(FREEZER, "power", step="freeze", state="freezing", after=1500.0, on=False),
            hand(FREEZER, "power", step="freeze", state="freezing", after=1560.0, on=True),
        ),
        site=(("power_fail: continue", "power_fail: reset"),),
    ),
    "a station on which something stands": Scene(
        "stored-vessels",
        (hand(PLATES, "put", step="keep", state="inside", after=7200.0, container="BAG-0002"),),
        until=6 * DAY,
    ),
    "papers that are never found": Scene(
        "ship",
        often(
            differs(
                r"^Put the papers",
                **{"paper order": "missing", "paper waybill": "missing", "paper certificate of analysis": "missing"},
            )
        ),
    ),
    "a logger that is out of calibration": Scene("ship", (differs(r"^Start a logger", calibrated="lapsed"),)),
    "five bags in two shippers": Scene("ship", (people,), site=_more_bags(), containers=("BAG-0101", *BAGS)),
    "a leaking bag that is refused": Scene(
        "freeze-day", (differs(EXAMINE, condition="leaking"), choose(r"^Receipt with findings", "refuse"))
    ),
    "a damaged bag that is taken": Scene(
        "freeze-day", (differs(EXAMINE, condition="damaged"), choose(r"^Receipt with findings", "accept under QA hold"))
    ),
    "another container on the shelf": Scene("ship", (choose(r"as far as its label", "another container"),)),
    "no warming budget is left": Scene("ship", changes={"retrieve.warming_longest": "0 s"}),
    "an hour to the store": Scene(
        "car-t-frozen", (people, late(r"^Confirm when .* in their positions", 60.0)), until=40 * DAY
    ),
    "a chamber without its temperature": Scene("spinoculation", changes={"spin.tempered_within": "60 s"}),
    "buckets without balance": Scene("spinoculation", often(differs(BUCKETS, bucket=900.0))),
    "a busy centrifuge": Scene("spinoculation", (hand(CENTRIFUGE, "busy", step="spin", state="ready", on=True),)),
    "a spin that is stopped and kept": Scene(
        "spinoculation",
        (hand(CENTRIFUGE, "stop", step="spin", state="spinning", after=1800.0), choose(r"^Spin interrupted", KEEP)),
    ),
    "a thawer that cools before the bag is in": Scene(
        "thaw-for-infusion", (at_once(THAWER, "idle", step="thaw", state="warm"),)
    ),
    "few cells for five days": Scene("activation", (people,), changes={"look.volume": "1 mL"}, until=20 * DAY),
    "two freezing runs": Scene("car-nk-doses", (people,), until=40 * DAY),
    "an analyser that has to be looked at twice": Scene(
        "t-cell-culture",
        (answer(r"^Measure glucose and lactate"), choose(r"^No result of the analyser", "look again")),
        until=5 * DAY,
    ),
    "a bag that is not empty and is right": Scene(
        "final-day",
        (
            at_question(r"^Put the new, empty bag20 B-001-01", _load),
            choose(r"weighs 1[67]\.\d+ g empty", "it is the right one and empty: go on"),
        ),
        until=DAY,
    ),
    **{
        f"a label, {found}": Scene(
            "sampling",
            (
                choose(r"^Look at the labels", "one is missing or spoiled"),
                answer(r"^Which label", label="B-001-sample-M1-L1", found=found, reason="seen by both"),
            ),
        )
        for found in ("spoiled", "nothing came out of the printer", "it came out and is not there")
    },
    "a bag that is damaged after the thaw": Scene(
        "thaw-for-infusion", (differs(r"^Take .* out of the thawer, dry it", condition="damaged"),)
    ),
    "a run history that comes late": Scene(
        "final-day",
        (
            meanwhile("lose histories", after=0.5, state="collected"),
            choose(r"run history", "look again for the run history"),
        ),
        until=20_000.0,
    ),
    "a wash that people collect": Scene(
        "final-day",
        (
            meanwhile("power", after=RECOVERING, on=False),
            meanwhile("power", after=RECOVERING + 60.0, on=True),
            choose(r"^Wash interrupted", "collect: close the clamps and weigh the product bag"),
        ),
        until=20_000.0,
    ),
    "a paused wash that goes on": Scene(
        "final-day",
        (
            meanwhile("pause", after=WASHING),
            choose(r"^The washer waits", "at the panel: it is answered there"),
            choose(r"^Wash interrupted", "go on: let the paused run continue"),
        ),
        until=20_000.0,
    ),
    "feeder line without a certificate": Scene(
        "car-nk", (people, differs(r"^Enter what the certificate", irradiation="no certificate")), until=40 * DAY
    ),
    **{
        f"{name}, not exact enough": Scene(name, (people,), changes={"count-apheresis.volume_uncertainty": "20 %"})
        for name in FROZEN
    },
    **{
        f"{name}, cells that died": Scene(
            name,
            (people,),
            site=(
                (
                    "      dead: 0.2e+9\n      dmso: 0.1\n      subsets: {CD3+CD4+: 0.84",
                    "      dead: 2.2e+9\n      dmso: 0.1\n      subsets: {CD3+CD4+: 0.84",
                ),
            ),
        )
        for name in FROZEN
    },
}
