"""A count is corrected after the fill: everything that rests on it is recalculated, judged again and unsigned."""

from functools import partial
from pathlib import Path
from typing import cast

import pytest

from automation.bootstrap import Way, begins, open_site, operations, read_site
from automation.engine import masters
from automation.engine.recipe.load import load
from automation.engine.setup import secret_of
from automation.engine.site import Site
from automation.gmp.door import Command, Proof
from automation.gmp.people.prompts import Prompt
from automation.gmp.quality.corrections import Correction, unsettled
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.quantity import Seconds
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event
from automation.ledger.read import Reader
from automation.views.batch_record import BatchRecord, batch_record
from tests.support.crash import at_appends, resumed, spread
from tests.support.runs import BATCH, Run, make_site, run_batch, when

RECIPE, ENTRY = "final-day", f"{BATCH}.count-washed.1.4.1"
STEPS = ("count-washed", "formulate", "fill")  # what rests on the count of the washed cells


def correct(site: Site, name: str = "C-1", command: str = "correct", *, share: float = 0.93) -> Event:
    """Let anna correct the first count of the washed cells, seen by another."""
    prompt = cast("Prompt", site.house.door.find("prompt", ENTRY))
    total = float(dict(prompt.values)["total"])
    second, meaning = ("ben", "verified") if command == "correct" else ("dora", "approved")
    body = {"batch": BATCH, "entry": ENTRY, "name": "total", "was": str(total), "value": str(total * share)}
    signs = (signed(site, "anna", "authored"), signed(site, second, meaning))
    reason = {"reason": "the wrong line of the notebook was read"}
    return site.house.door.enter(Command(f"correction/{name}", command, {**body, **reason}, "anna", "", signs))


def signed(site: Site, person: str, meaning: str) -> Proof:
    """Give the signature of a scripted person."""
    return Proof(person, secret_of(site.file.people[person]), meaning)


def after_the_fill(site: Site) -> None:
    """Correct while the bags freeze."""
    when(site, "freeze", "freezing", partial(correct, site))


def folder_of(tmp: Path) -> Path:
    """Make a site whose counts are entered by people, with the recipe of the batch kept."""
    folder = make_site(tmp / "site", "b")
    masters.keep(folder, RECIPE, load(RECIPE, operations()))
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, BatchRecord]:
    """Give a batch whose count was corrected after the fill, and its record."""
    folder = folder_of(tmp_path_factory.mktemp("corrected"))
    run = run_batch(folder, after_the_fill, recipe=RECIPE)
    with Reader(folder) as reader:
        return run, batch_record(reader, Blobs(folder / "blobs", sync=False), BATCH)


def result(run: Run, step: str, name: str) -> tuple[float, float]:
    """Give a result as it was, and as it counts."""
    stream = f"batch/{BATCH}/step/{step}"
    was = next(e for e in run.events if e.stream == stream and e.kind == "recalculated").fields["was"]
    return cast("dict[str, float]", was)[name], cast("float", run.step(step).results[name])


@pytest.mark.requirement("F047", "F106", "F106.3")
def test_what_later_steps_computed_from_a_corrected_count_is_recalculated(made: tuple[Run, BatchRecord]) -> None:
    """The dose of each bag follows the concentration of the washed cells over two more steps."""
    run, _ = made
    counted, dose = result(run, "count-washed", "viable_concentration"), result(run, "fill", "dose_per_bag")
    assert counted[1] < counted[0]
    assert dose[1] / dose[0] == pytest.approx(counted[1] / counted[0], rel=1e-9)


@pytest.mark.requirement("F106")
def test_what_was_done_stays_done_and_opens_a_deviation(made: tuple[Run, BatchRecord]) -> None:
    """The diluent went in by the earlier count: its mass stays as it was weighed, and people judge it."""
    run, _ = made
    stream = f"batch/{BATCH}/step/formulate"
    told = next(e for e in run.events if e.stream == stream and e.kind == "recalculated")
    assert "mass_formulated" not in cast("dict[str, object]", told.fields["results"])
    assert any(title.startswith("after correction C-1: step formulate") for title in run.deviations())


@pytest.mark.requirement("F106")
def test_recalculated_results_are_judged_again(made: tuple[Run, BatchRecord]) -> None:
    """Limits and yields, each with the correction as its cause; the record shows the verdict that counts."""
    run, record = made
    cause = next(e.seq for e in run.events if e.stream == "correction/C-1")
    again = [str(e.fields["what"]) for e in run.events if e.kind == "judged" and e.cause == cause]
    assert {"viability", "cells recovered by the wash", "viable_concentration", "dose_per_bag"} <= set(again)
    fill = next(step for step in record.steps if step.id == "fill")
    assert next(one.event for one in fill.judged if one.what == "dose_per_bag") > cause


@pytest.mark.requirement("F043", "F047", "F106", "F106.3")
def test_the_signatures_over_what_changed_are_shown_as_unsigned_and_given_again(
    made: tuple[Run, BatchRecord],
) -> None:
    """Those of the three steps that changed and of no other."""
    run, record = made
    asked = {name for name in run.things if name.startswith("prompt/") and name.endswith("signatures.C-1")}
    assert asked == {f"prompt/{BATCH}.{step}.signatures.C-1" for step in STEPS}
    fallen = {
        one.signed.partition(";")[0] for one in record.signatures if "unsigned since correction C-1" in one.signed
    }
    assert fallen == {f"witness prompt/{BATCH}.{step}.signatures" for step in STEPS}


@pytest.mark.requirement("F106", "F106.3")
def test_the_record_shows_original_and_corrected_value_by_whom_when_and_why(made: tuple[Run, BatchRecord]) -> None:
    """One exception says all of it; the prompt keeps what was entered."""
    _, record = made
    found = next(one for one in record.findings if one.rule == "E08" and "corrected by anna and ben" in one.what)
    assert " becomes " in found.what
    assert found.outcome.startswith("the wrong line of the notebook was read; count-washed.")


@pytest.mark.requirement("F106", "F106.3")
@pytest.mark.requirement("F010", "F106.3", refuses=True)
def test_a_closed_batch_takes_an_addendum_and_its_release_waits_for_the_signatures(tmp_path: Path) -> None:
    """Nothing stands in the way before; then three steps are unsigned, and signed again nothing does."""
    folder = folder_of(tmp_path)
    run_batch(folder, recipe=RECIPE)

    async def main(clock: SimulatedClock) -> list[list[str]]:
        site = await open_site(folder, Way(staffed=False), clock=clock)
        door, told = site.house.door, list[list[str]]()
        try:
            told.append([why for why, _ in unsettled(door, BATCH, reviewed_seq=0)])
            correct(site, command="add")
            told.append([why for why, _ in unsettled(door, BATCH, reviewed_seq=0)])
            await clock.sleep(Seconds(60.0))
            told.append([why for why, _ in unsettled(door, BATCH, reviewed_seq=1)])
            for step in STEPS:
                signs = (signed(site, "anna", "performed"), signed(site, "ben", "verified"))
                door.enter(Command(f"prompt/{BATCH}.{step}.signatures.C-1", "witness", {}, "anna", "", signs))
            told.append([why for why, _ in unsettled(door, BATCH, reviewed_seq=10**9)])
        finally:
            await site.leave()
        return told

    before, at_once, then, after = run_simulated(main, start=begins(folder, read_site(folder)))
    assert (before, after) == ([], [])
    assert at_once == ["correction C-1 is made: what rests on it is not recalculated yet"]
    assert then == [
        *(f"{BATCH}.{step}.signatures.C-1 is unsigned since correction C-1" for step in STEPS),
        f"the record of batch {BATCH} was corrected (C-1) after its review",
    ]


@pytest.mark.requirement("F106")
def test_an_excluded_reading_stays_and_what_rests_on_it_is_left_to_people(tmp_path: Path) -> None:
    """What a machine measured is not edited: its step and those that took its results lose their signatures."""
    folder = folder_of(tmp_path)
    run = run_batch(folder, recipe=RECIPE)
    stream = f"batch/{BATCH}/step/formulate"
    reading = next(e for e in run.events if e.stream == stream and e.kind == "read")

    async def main(clock: SimulatedClock) -> list[Correction]:
        site = await open_site(folder, Way(staffed=False), clock=clock)
        try:
            for name, seq in (("C-1", reading.seq), ("C-2", 1)):
                body = {"batch": BATCH, "step": "formulate", "event": seq, "reason": "the pan was touched"}
                signs = (signed(site, "anna", "authored"), signed(site, "ben", "verified"))
                site.house.door.enter(Command(f"correction/{name}", "exclude", body, "anna", "", signs))
                await clock.sleep(Seconds(60.0))
            return [cast("Correction", site.house.door.find("correction", name)) for name in ("C-1", "C-2")]
        finally:
            await site.leave()

    excluded, nothing = (one.outcome for one in run_simulated(main, start=begins(folder, read_site(folder))))
    assert excluded is not None
    assert nothing is not None
    assert (excluded.changed, excluded.unsigned) == ((), tuple(f"{BATCH}.{s}.signatures.C-1" for s in STEPS[1:]))
    assert excluded.left[1] == "step fill rests on formulate, of which a reading is not to be used"
    assert nothing.left == ("event 1 is no reading of a machine in step formulate; nothing is excluded",)


@pytest.mark.requirement("F106")
def test_a_kill_at_any_event_of_a_correction_leaves_all_of_it_or_nothing(
    made: tuple[Run, BatchRecord], tmp_path: Path
) -> None:
    """Before its own event there is none; from then on the next start does what is left of it."""
    folder = folder_of(tmp_path)
    begun: list[int] = []

    def wanted(event: Event) -> bool:
        if event.stream == "correction/C-1":
            begun.append(event.seq)
        just_before = event.kind == "enter" and event.fields.get("state") == "freezing"
        return just_before or (bool(begun) and (event.seq in begun or event.cause == begun[0]))

    _, kept = at_appends(folder, tmp_path / "kept", wanted, after_the_fill, recipe=RECIPE)
    assert len(kept.moments) > len(STEPS)
    undisturbed = made[0].step("fill").results["dose_per_bag"]
    for moment in spread(kept.moments, 3):
        run = resumed(kept, moment)
        correction = cast("Correction | None", run.things.get("correction/C-1"))
        all_of_it = correction is not None and correction.outcome is not None
        assert all_of_it is (moment != kept.moments[0])
        assert (run.step("fill").results["dose_per_bag"] == undisturbed) is all_of_it
