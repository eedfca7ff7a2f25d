"""Results in files that belong to no sample wait in the tray, and what is older than its sample is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from automation.engine.site import Site
from automation.gmp.objects import Thing
from automation.gmp.people.prompts import Prompt
from automation.gmp.product.tray import Stray
from automation.kernel.quantity import Seconds
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event
from fakes.panel import Habit, Values
from fakes.vicell_blu import FakeViCellBlu
from tests.plant.test_people import COUNT, FIRST, prompts, reports, sources
from tests.support.runs import Hook, Run, make_site, plant_of, run_batch, staff_of
from tests.support.scenes import answer, change_site, choose, enter

WRONG = "ERIKA MUSTER"  # what somebody typed at the instrument
BY_HAND = (
    choose(f"^No result for {FIRST}", "by hand"),
    answer(f"^Enter the count of {FIRST}", total=5.0e7, viability=92.0, seen=400.0),
)
DAY = 86_400.0
AT_UTC = ("driver: vicell_blu_file\n", "driver: vicell_blu_file\n    settings: {zone: UTC, dates: month first}\n")

pytestmark = pytest.mark.requirement("F029", "F163")


def exported_as(change: Callable[[str], str]) -> Hook:
    """Let the first result file say something else before anybody confirms."""

    def hook(site: Site) -> None:
        staff, plant = staff_of(site), plant_of(site)

        async def act(prompt: Prompt) -> Values | None:
            staff.habits.remove(habit)
            values = await staff.work(prompt)
            await site.house.clock.sleep(Seconds(300.0))
            fake = cast("FakeViCellBlu", plant.fake("counter-01"))
            text = fake.files(site.house.clock.now())[f"{FIRST}.csv"].decode()
            plant.hand("counter-01", "drop", name=f"{FIRST}.csv", text=change(text))
            await site.house.clock.sleep(Seconds(10.0))
            return values

        habit = Habit(COUNT, act)
        staff.habits.append(habit)

    return hook


def on_the_question(do: Callable[[Site, Stray], None]) -> Hook:
    """Let something be done with what waits in the tray when the first question for a result comes up."""

    def hook(site: Site) -> None:
        done: list[bool] = []

        def follow(event: Event, thing: Thing) -> None:
            asked = isinstance(thing, Prompt) and thing.opening and "No result" in thing.opening.text
            if asked and event.kind == "open" and not done:
                done.append(True)
                [waiting] = site.house.door.marked("tray", "open")
                do(site, cast("Stray", waiting))

        site.house.door.follow(follow)

    return hook


def strays(run: Run) -> list[Stray]:
    """Give what was ever in the tray."""
    return [thing for thing in run.things.values() if isinstance(thing, Stray)]


@pytest.mark.requirement("F101.1")
def test_a_result_of_nobodys_sample_waits_until_two_people_join_it(tmp_path: Path) -> None:
    """One alone is refused; joined, it is found under its sample, and says so and by whom."""
    told: list[str] = []

    def join(site: Site, stray: Stray) -> None:
        body = {"sample": FIRST, "reason": "the label at the instrument was mistyped; tube and time fit"}
        told.append(enter(site, f"tray/{stray.id}", "join", body, by="anna", performed="anna"))
        told.append(enter(site, f"tray/{stray.id}", "join", body, by="anna", performed="anna", verified="ben"))

    change = exported_as(lambda text: text.replace(FIRST, WRONG))
    run = run_batch(make_site(tmp_path), change, on_the_question(join), until=DAY)
    [stray] = strays(run)
    assert (stray.state, stray.joined_by, stray.arrival and stray.arrival.asset) == (
        "joined", ("anna", "ben"), "counter-01",
    )  # fmt: skip
    assert told[0]
    assert told[1] == ""
    [asked] = prompts(run, f"^No result for {FIRST}")
    assert asked.values == (("choice", "look again"),)
    [found] = [one for one in reports(run) if one.sample == FIRST and one.results]
    assert found.results[0].flags == ("joined to the sample by anna and ben",)
    assert sources(run)[0].startswith("file ")
    assert run.state == "closed"


def test_what_waits_in_the_tray_names_nobody_and_its_original_is_kept(tmp_path: Path) -> None:
    """A name that is no sample of ours may be a patient's: no event has it, and the file stands under its hash."""

    def set_aside(site: Site, stray: Stray) -> None:
        told = enter(
            site, f"tray/{stray.id}", "set_aside", {"reason": "a test of the instrument"},
            by="anna", performed="anna", verified="ben",
        )  # fmt: skip
        assert told == ""

    change = exported_as(lambda text: text.replace(FIRST, WRONG))
    run = run_batch(make_site(tmp_path), change, on_the_question(set_aside), *BY_HAND, until=DAY)
    [stray] = strays(run)
    assert stray.state == "set aside"
    assert [event.seq for event in run.events if WRONG.encode() in bytes(event.body)] == []
    assert stray.arrival is not None
    assert WRONG.encode() in Blobs(tmp_path / "blobs", sync=False).get(stray.arrival.sha256)
    assert sources(run)[0].startswith("entered by ")


@pytest.mark.requirement("F029", "F101.1", refuses=True)
def test_what_is_older_than_its_sample_is_refused(tmp_path: Path) -> None:
    """A result of last year under this sample's name is no result; the instrument's clock stands beside ours."""
    folder = change_site(make_site(tmp_path), AT_UTC)
    run = run_batch(folder, exported_as(lambda text: text.replace("1/5/2026", "1/5/2025")), *BY_HAND, until=DAY)
    asked = prompts(run, f"^No result for {FIRST}")
    assert asked[0].opening is not None
    assert "before the sample was drawn" in asked[0].opening.text
    assert sources(run)[0].startswith("entered by ")
    good, *_ = [one for one in reports(run) if one.sample != FIRST and one.results]
    assert good.results[0].analysed is not None
    assert good.results[0].analysed_at
    assert strays(run) == []


@pytest.mark.parametrize(("rule", "which"), [("first", 0), ("last", 1)])
def test_the_recipe_says_which_of_two_files_counts(tmp_path: Path, rule: str, which: int) -> None:
    """By the instrument's clock; both are kept, nobody is asked, and the result says so."""

    def hook(site: Site) -> None:
        staff, plant = staff_of(site), plant_of(site)

        async def act(prompt: Prompt) -> Values | None:
            staff.habits.remove(habit)
            values = await staff.work(prompt)
            plant.hand("counter-01", "count", sample=FIRST, after=200.0)
            await site.house.clock.sleep(Seconds(400.0))
            return values

        habit = Habit(COUNT, act)
        staff.habits.append(habit)

    folder = change_site(make_site(tmp_path), AT_UTC)
    run = run_batch(folder, hook, changes={"count.of_several": rule}, until=DAY)
    report = next(one for one in reports(run) if one.sample == FIRST and one.results)
    made = sorted(report.results, key=lambda one: float(one.analysed or 0))
    assert (len(report.results), prompts(run, f"^No result for {FIRST}")) == (2, [])
    assert sources(run)[0] == f"file {made[which].file_sha256[:16]} line 2, the {rule} of 2"
