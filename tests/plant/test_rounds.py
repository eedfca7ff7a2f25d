"""Parts of a recipe in rounds and steps that are left out, in whole batches; with kills where something is decided."""

from pathlib import Path

import pytest

from automation.bootstrap import begins, open_site, read_site, release
from automation.engine import masters
from automation.engine.issue import Order, issue, start
from automation.engine.recipe.load import load
from automation.engine.site import Site
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event
from automation.ledger.read import Reader
from automation.views.batch_record import batch_record
from tests.storms.crew import Crew
from tests.support.crash import at_appends, ends, resumed
from tests.support.runs import BATCH, Run, make_site, run_batch
from tests.support.scenes import change_site

DECISIONS = frozenset({"divided", "round", "skipped"})
ALL = ["receive", "count", "count-2", "recount", "freeze", "store"]


def words(folder: Path, viability: str = "below 50.0 %") -> str:
    """Give freeze-day with a count that is done twice, one that is left out, and a freezing run for each container."""
    text = masters.content("freeze-day").decode()
    begin, end = text.index("  - id: count\n"), text.index("  - id: freeze\n")
    count = text[begin:end]
    until = "    repeat: {until: {from: count.viability, is: at least 100.0 %}, at_most: 2}\n"
    when = f"    when: {{from: count.viability, is: {viability}}}\n"
    twice = count.replace("    operation: count\n", f"    operation: count\n{until}")
    left_out = count.replace("id: count", "id: recount").replace(
        "    operation: count\n", f"    operation: count\n{when}"
    )
    store = text.index("time_limits:")
    runs = "".join(f"    {line}" if line.strip() else line for line in text[end:store].splitlines(keepends=True))
    part = f"  - id: freezing\n    loads: {{of: containers, at_most: 4}}\n    steps:\n{runs}"
    file = folder / "words.yaml"
    file.write_text(text[:begin] + twice + left_out + part + text[store:], encoding="utf-8")
    return str(file)


def people(site: Site) -> None:
    """Let people decide, and let the batch go on where it is held."""
    Crew(site)


def decisions(run: Run) -> list[tuple[str, str]]:
    """Give where something was decided, and what kind of decision it was."""
    return [(event.stream.rpartition("/")[2], event.kind) for event in run.events if event.kind in DECISIONS]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Give a whole run; people let the batch go on where it is held."""
    folder = tmp_path_factory.mktemp("words")
    return run_batch(make_site(folder / "site"), people, recipe=words(folder))


@pytest.mark.requirement("F002")
def test_a_step_is_done_again_until_its_result_is_good_or_it_was_done_often_enough(whole: Run) -> None:
    """Twice at most; that it never came about is a deviation and holds the batch until a person lets it go on."""
    assert (whole.state, whole.steps) == ("closed", ALL)
    assert any(title.startswith("round 2 of at most 2: until count.viability") for title in whole.deviations())
    assert [event.kind for event in whole.events if event.stream == f"batch/{BATCH}"].count("hold") == 1


@pytest.mark.requirement("F002")
def test_a_step_whose_condition_is_not_met_is_left_out_and_the_record_says_why(whole: Run) -> None:
    """With the value that decided, of the last count; and how containers were shared out."""
    with Reader(whole.folder) as reader:
        record = batch_record(reader, Blobs(whole.folder / "blobs", sync=False), BATCH)
    said = {step.id: step.decisions for step in record.steps}
    last = float(str(whole.step("count-2").results["viability"]))
    assert said["recount"] == (f"left out: count.viability is below 50.0 %, and it is {last:.1f} %",)
    assert said["freeze"] == ("round 1: BAG-0001", "load 1 of 1 is done")
    assert whole.kinds("recount") == ["skipped"]


@pytest.mark.requirement("F002")
def test_a_step_whose_condition_is_met_is_done(tmp_path: Path) -> None:
    """As any other."""
    run = run_batch(make_site(tmp_path / "site"), people, recipe=words(tmp_path, "above 50.0 %"))
    assert run.step("recount").state == "counted"


SECOND = """  BAG-0102:
    identity: CHA999926ST0R01
    din: A999926000502
    product_code: S12954A0
    kind: bag50
    volume: 50 mL
    stored_at: LN2-1/R1/B1/09
"""
INSIDE = "    BAG-0102: {kind: bag50, volume: 50, live: 2.0e+9, dmso: 0.1, place: storage, temperature: -190}\n"
BAGS = ("BAG-0101", "BAG-0102")


@pytest.mark.requirement("F002", "F009")
def test_what_is_done_for_each_container_has_one_container_in_its_hands(tmp_path: Path) -> None:
    """Two bags, one after the other: the second leaves the store when the first is handed over."""
    first, inside = "    stored_at: LN2-1/R1/B1/01\n", "    BAG-0101: {kind: bag50"
    site = change_site(make_site(tmp_path / "site"), (first, first + SECOND), (inside, INSIDE + inside))

    async def main(clock: SimulatedClock) -> list[Event]:
        house = await open_site(site, clock=clock)
        recipe = load("thaw-for-infusion", house.house.operations)
        await issue(house, recipe, Order(BATCH, containers=BAGS, release=release()), by="carla")
        await start(house, BATCH, by="carla")
        assert await house.take_up(recipe, BATCH).run() == "complete"
        events = list(house.house.ledger.events())
        house.close()
        return events

    events = run_simulated(main, start=begins(site, read_site(site)))
    moved = [(e.kind, e.stream.removeprefix("container/")) for e in events if e.kind == "retrieve"]
    steps = [e.stream.rpartition("/")[2] for e in events if e.kind == "bound"]
    assert steps == ["retrieve", "thaw", "hand-over", "retrieve-2", "thaw-2", "hand-over-2"]
    assert [name for _, name in moved] == list(BAGS)


@pytest.mark.requirement("F002", "C01.2")
def test_a_kill_where_something_is_decided_changes_no_decision(tmp_path: Path) -> None:
    """What was decided is read from the record, and what was not is decided the same way."""

    def wanted(event: Event) -> bool:
        return event.kind in DECISIONS

    make_site(tmp_path / "site")
    run, kept = at_appends(tmp_path / "site", tmp_path / "kept", wanted, people, recipe=words(tmp_path))
    assert len(kept.moments) == 5
    for moment in kept.moments[1:3]:
        again = resumed(kept, moment, people)
        assert (decisions(again), ends(again)) == (decisions(run), ends(run))
