"""Throughput: queues against theory, spreads as measured, and what one washer more brings."""

from pathlib import Path
from typing import cast

import msgspec
import pytest

from automation.engine.journal import Stage
from automation.kernel.quantity import Seconds
from automation.ledger.event import Draft
from automation.views.planning.plans import RecipePlan, StepPlan, Work, write_plan
from automation.views.planning.queues import Give, Hold, Process, Queues, Take
from automation.views.planning.throughput import LEAST, Shop, simulate
from tests.support.commands import Said, cellwright, simulated_site
from tests.support.doors import Doorway, doorway
from tests.support.thread import HOURS
from tests.unit.gmp.moves import ISSUE

WASH = StepPlan("wash", "Wash", 0.0, 10 * HOURS, (), ("cell washer",), (Work(0.0, 600.0, 2),))
PLAN = RecipePlan(str(ISSUE["recipe"]), "1", "T cells", (WASH,))


def washed(way: Doorway, number: int) -> None:
    """Run one batch whose wash takes ten hours, and one more for every second batch."""
    name = f"B-{number}"
    way.do(f"batch/{name}", "issue", ISSUE, by="issue")
    for state, hours in (("running", 0), ("complete", 10 + number % 2)):
        way.clock.go(hours * HOURS)
        draft = Draft(f"batch/{name}/step/wash", "procedural", msgspec.json.encode(Stage(state)), "system:test")
        way.ledger.append([draft], at=way.clock.micros())


def asked(folder: Path, *words: object, batches: int = LEAST) -> Said:
    """Ask at a site with one washer and so many batches."""
    site = simulated_site(folder / "site")
    with doorway(site) as way:
        way.do("asset/washer-1", "register", {"asset_class": "cell washer"})
        for number in range(batches):
            washed(way, number)
        way.ledger.seal()
    write_plan(PLAN, folder / "plan.json")
    return cellwright("throughput", "--plan", folder / "plan.json", "--site", site, *words)


@pytest.mark.requirement("F138.2")
def test_lots_that_come_by_chance_wait_as_theory_says() -> None:
    """One washer, busy half its time, fixed ten hours: five hours of waiting (M/D/1, Pollaczek and Khinchine)."""
    shop = Shop(
        plan=PLAN,
        spread={"wash": 0.0},
        there={"cell washer": 1},
        slot=Seconds(0.0),
        per_month=36.0,
        months=100,
        seed=3,
    )
    load = simulate(shop).loads[0]
    assert load.used == pytest.approx(0.5, rel=0.05)
    assert load.waited == pytest.approx(5.0, rel=0.1)
    assert load.most == pytest.approx(72.0)


@pytest.mark.requirement("F138.2")
def test_nobody_is_passed_by_who_needs_the_same() -> None:
    """Whoever waits for two gets them before one who came later and needs one; who needs another thing goes on."""
    queues, order = Queues({"a": 2, "b": 1}), list[str]()

    def lot(name: str, **what: int) -> Process:
        yield Take(what)
        order.append(f"{name} at {queues.now:g}")
        yield Hold(10.0)
        yield Give(what)

    for after, one in enumerate((lot("first", a=1), lot("two", a=2), lot("later", a=1), lot("other", b=1))):
        queues.start(one, after=after)
    queues.run(100.0)
    assert order == ["first at 0", "other at 3", "two at 10", "later at 20"]
    assert (queues.busy["a"], queues.waited["a"]) == (40.0, 9.0 + 18.0)


@pytest.mark.requirement("F138.2")
def test_a_second_washer_shows_its_effect_on_throughput(tmp_path: Path) -> None:
    """Ninety lots a month are more than one washer bears; with two all are done, and the bottleneck is busy by less."""
    said = asked(tmp_path, "--per-month", 90, "--months", 3, "--with", "cell washer=2", "--json")
    assert said.status == 0, said.err
    assert cast("dict[str, float]", said.data["spread"])["wash"] == pytest.approx(0.0509, abs=1e-3)
    one, two = cast("list[dict[str, object]]", said.data["runs"])
    assert one["bottleneck"] == two["bottleneck"] == "cell washer"
    assert one["came"] == two["came"]
    assert cast("int", one["done"]) < 220 < cast("int", two["done"])
    used = [cast("list[dict[str, float]]", run["loads"])[0]["used"] for run in (one, two)]
    assert used[0] > 0.97 > used[1]


@pytest.mark.parametrize(
    ("words", "batches", "why"),
    [
        ((), LEAST - 1, "step wash of freeze-day ended 7 times on record; its spread needs 8"),
        (("--with", "wahser=2"), LEAST, "--with names 'wahser'; what this plan shares is cell washer"),
        (("--with", "cell washer=0"), LEAST, "a number from 1 to 999 is needed"),
        (("--assume", "300 %"), 0, "0 % to 200 % is allowed"),
    ],
)
@pytest.mark.requirement("F138.2", refuses=True)
def test_what_the_data_do_not_carry_is_refused(tmp_path: Path, words: tuple[str, ...], batches: int, why: str) -> None:
    """Too few batches, what is not shared, none of something, a spread that no step has."""
    said = asked(tmp_path, "--per-month", 10, *words, batches=batches)
    assert said.status != 0
    assert why in said.err
