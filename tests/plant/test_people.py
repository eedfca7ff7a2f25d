"""What people bring: result files, entries, second persons, decisions about findings, and the review."""

import asyncio
import re
from pathlib import Path

import msgspec
import pytest

from automation.engine.answers import Given
from automation.engine.journal import Replied
from automation.engine.site import Site
from automation.gmp.door import Command
from automation.gmp.objects import Thing
from automation.gmp.people.prompts import Prompt
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event
from fakes.panel import Habit, Values
from instruments.interfaces.counter import CountReport
from protocols.operations.counting import Single
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, resume_batch, run_batch, staff_of
from tests.support.scenes import answer, change_site, choose, differs, enter, order, proofs, refused

COUNT = r"export the results"
EXAMINED, OTHER_SEAL = r"^Examine the container", "SL-99999"
FIRST = "B-001-count-1A"
FINDINGS = r"^Receipt with findings"


def files(*actions: dict[str, object]) -> Hook:
    """Once, after the first counting, let hands act on the counter's folder before anybody confirms."""

    def hook(site: Site) -> None:
        staff = staff_of(site)

        async def act(prompt: Prompt) -> Values | None:
            staff.habits.remove(habit)
            values = await staff.work(prompt)
            for details in actions:
                action = str(details["action"])
                rest = {name: value for name, value in details.items() if name != "action"}
                plant_of(site).hand("counter-01", action, **rest)
            await site.house.clock.sleep(Seconds(300.0))
            return values

        habit = Habit(COUNT, act)
        staff.habits.append(habit)

    return hook


def reports(run: Run) -> list[CountReport]:
    """Give what the counter's folder was found to hold, look by look."""
    looks = [e.read(Replied) for e in run.events if e.stream == f"batch/{BATCH}/step/count" and e.kind == "read"]
    return [msgspec.json.decode(bytes(look.value), type=CountReport) for look in looks]


def sources(run: Run) -> list[str]:
    """Say where the counts of the last pair come from."""
    return [one.source for one in msgspec.convert(run.step("count").results["counts"], list[Single])]


def prompts(run: Run, pattern: str) -> list[Prompt]:
    """Give the prompts whose text fits, in order."""
    found = [thing for thing in run.things.values() if isinstance(thing, Prompt) and thing.opening]
    return [p for p in found if p.opening and re.search(pattern, p.opening.text)]


@pytest.mark.requirement("F029")
def test_the_same_result_file_twice_is_noted_once(tmp_path: Path) -> None:
    """The same bytes under another name are one result; nobody is asked anything."""
    run = run_batch(make_site(tmp_path), files({"action": "copy", "name": f"{FIRST}.csv", "to": "copy of it.csv"}))
    [report] = [found for found in reports(run) if found.sample == FIRST]
    assert (len(report.results), report.files[0].names) == (1, (f"{FIRST}.csv", "copy of it.csv"))
    assert prompts(run, "^No result for") == []
    assert (run.step("count").state, run.state, run.deviations()) == ("counted", "closed", [])


@pytest.mark.requirement("F029", refuses=True)
def test_the_same_sample_with_other_bytes_is_a_conflict_that_a_person_decides(tmp_path: Path) -> None:
    """Neither file is taken; the count is entered by hand and verified by a second person."""
    again: dict[str, object] = {"action": "count", "sample": FIRST, "after": 1.0}
    by_hand = answer(f"^Enter the count of {FIRST}", total=5.0e7, viability=92.0, seen=400.0)
    run = run_batch(make_site(tmp_path), files(again), choose(f"^No result for {FIRST}", "by hand"), by_hand)
    [conflict] = run.deviations()
    assert conflict.startswith(f"sample '{FIRST}' stands in 2 files with different bytes: ")
    first, second = sources(run)
    assert first == "entered by anna, verified by ben"
    assert second.startswith("file ")
    assert run.state == "closed"


@pytest.mark.requirement("F033", "F047.1")
@pytest.mark.requirement("F047.1", refuses=True)
@pytest.mark.parametrize(("said", "pairs"), [("count again", 2), ("it is as counted", 1)])
def test_a_slip_of_ten_in_a_count_is_asked_about(tmp_path: Path, said: str, pairs: int) -> None:
    """Both entries agree, and ten times the cells that can be there are not believed without a second look."""
    slips = [differs(f"^Enter the count of B-001-count-1{letter}", total=4.9e8) for letter in "AB"]
    run = run_batch(make_site(tmp_path, "b"), *slips, choose("Is there a slip", said))
    [asked] = prompts(run, "Is there a slip")
    assert asked.opening is not None
    assert "20 to 500 % of 9e+08 are expected" in asked.opening.text
    count = run.step("count").results
    not_believed = [title for title in run.deviations() if "was not believed" in title]
    assert (count["pair"], len(not_believed)) == (pairs, pairs - 1)
    assert (float(str(count["viable_cells"])) > 5e9) is (pairs == 1)


@pytest.mark.requirement("F029", refuses=True)
def test_a_cut_result_file_is_told_and_looked_at_again(tmp_path: Path) -> None:
    """Half a file is no result: the person exports anew, looks again, and the count goes on."""
    cut: dict[str, object] = {"action": "cut", "name": f"{FIRST}.csv", "keep": 300}

    def exported(site: Site) -> None:
        def follow(event: Event, thing: Thing) -> None:
            if (
                event.kind == "open"
                and isinstance(thing, Prompt)
                and thing.opening
                and "No result" in thing.opening.text
            ):
                plant_of(site).hand("counter-01", "remove", name=f"{FIRST}.csv")
                plant_of(site).hand("counter-01", "count", sample=FIRST, after=1.0)

        site.house.door.follow(follow)

    run = run_batch(make_site(tmp_path), files(cut), exported)
    [asked] = prompts(run, f"^No result for {FIRST}")
    assert asked.values == (("choice", "look again"),)
    assert (run.step("count").state, run.state) == ("counted", "closed")
    assert sources(run)[0].startswith("file ")


@pytest.mark.requirement("F033", refuses=True)
def test_duplicates_that_disagree_are_counted_again(tmp_path: Path) -> None:
    """A deviation with the difference, a second pair of samples, and its mean is what later steps use."""
    run = run_batch(make_site(tmp_path), counted({FIRST: 5.0e7, "B-001-count-1B": 3.0e7}))
    assert [title.startswith("pair 1 differs by ") for title in run.deviations()] == [True]
    assert run.step("count").results["pair"] == 2
    assert (run.step("count").state, run.state) == ("counted", "closed")


@pytest.mark.requirement("F033", refuses=True)
def test_duplicates_that_disagree_twice_hold_the_batch(tmp_path: Path) -> None:
    """The step ends as disagreed and the next one waits for a person's order."""
    high, low = 5.0e7, 3.0e7
    tubes = {f"B-001-count-{pair}{tube}": value for pair in "12" for tube, value in (("A", high), ("B", low))}
    run = run_batch(make_site(tmp_path), counted(tubes), until=4000.0)
    assert [title.split(" by ")[0] for title in run.deviations()][:2] == ["pair 1 differs", "pair 2 differs"]
    assert (run.step("count").state, run.state) == ("disagreed", "held")
    assert run.kinds("freeze") == []


def counted(tubes: dict[str, float]) -> Hook:
    """Let the counter find these totals (cells/mL) in the tubes of samples."""

    def hook(site: Site) -> None:
        async def act(prompt: Prompt) -> Values | None:
            named = re.findall(r"\S+-\d+[A-Z]\b", prompt.opening.text if prompt.opening else "")
            for sample in named:
                known = {"total": tubes[sample], "viability": 92.0} if sample in tubes else {}
                plant_of(site).hand("bench", "sample", container=sample, source="BAG-0001", volume=0.1)
                plant_of(site).hand("counter-01", "count", sample=sample, after=1.0, **known)
            await site.house.clock.sleep(Seconds(60.0))
            return {}

        staff_of(site).habits.append(Habit(COUNT, act))

    return hook


@pytest.mark.requirement("F021", "F073")
def test_a_seal_that_does_not_match_is_a_deviation_and_accepted_under_qa_hold_only(tmp_path: Path) -> None:
    """A person decides; the bag is frozen and stored on hold, with the seal that was found."""
    run = run_batch(make_site(tmp_path), differs(EXAMINED, seal=OTHER_SEAL))
    assert run.deviations() == ["seal mismatch: 'SL-99999' on the container, 'SL-48213' on the order"]
    bag = run.things["container/BAG-0001"]
    assert (getattr(bag, "seal", ""), getattr(bag, "on_hold", False), bag.state) == ("SL-99999", True, "stored")
    assert (run.step("receive").state, run.state) == ("accepted", "closed")


@pytest.mark.requirement("F009", refuses=True)
def test_a_bag_that_is_refused_is_never_taken_in(tmp_path: Path) -> None:
    """Refused at receipt: no clock, no freezing, and the batch is held for the supervisor, who stops it."""

    def stopped(site: Site) -> None:
        asyncio.get_running_loop().call_later(1200.0, order, site, "stop")

    run = run_batch(make_site(tmp_path), differs(EXAMINED, seal=OTHER_SEAL), choose(FINDINGS, "refuse"), stopped)
    assert (run.step("receive").state, run.things["container/BAG-0001"].state) == ("refused", "expected")
    assert run.kinds("count") == []
    assert [name for name in run.things if name.startswith("timer/")] == []
    assert [e.kind for e in run.events if e.stream == "batch/B-001"][2:] == ["hold", "done", "stop", "done", "close"]


@pytest.mark.requirement("F023")
@pytest.mark.parametrize("read", [{"lowest": 0.4}, {"highest": 11.9}])
def test_an_excursion_on_the_way_is_a_deviation(tmp_path: Path, read: dict[str, float]) -> None:
    """Both as a finding at receipt and as a result beyond its limit; the bag is on QA hold."""
    run = run_batch(make_site(tmp_path), differs(EXAMINED, **read))
    assert sum(title.startswith("transport excursion: ") for title in run.deviations()) == 1
    assert sum("beyond the reject limit" in title for title in run.deviations()) == 1
    assert getattr(run.things["container/BAG-0001"], "on_hold", False)
    assert run.state == "closed"


def tries(pattern: str, person: str, **values: str) -> Hook:
    """Let somebody else answer the first question that fits, before the one who should."""

    def hook(site: Site) -> None:
        staff = staff_of(site)

        async def act(prompt: Prompt) -> Values | None:
            staff.habits.remove(habit)
            try:
                await site.answers.give(Given(prompt.id, person, values, "terminal-1"))
            except RefusedError as refusal:
                staff.notes.append(str(refusal))
            return await staff.work(prompt)

        habit = Habit(pattern, act)
        staff.habits.append(habit)

    return hook


@pytest.mark.requirement("F004", "F087", refuses=True)
def test_who_is_not_trained_on_an_operation_answers_nothing_of_it(tmp_path: Path) -> None:
    """Refused at the door and recorded; a trained person does it."""
    folder = make_site(tmp_path)
    (trained,) = re.findall(r"ben: \{name: Ben Okafor, .*?\]\}", (folder / "site.yaml").read_text(), re.DOTALL)
    change_site(folder, (trained, re.sub(r"\bfreeze,\s+", "", trained)))
    run = run_batch(folder, tries(r"^Put .* into the chamber", "ben"))
    [why] = refused(run, "prompt/B-001.freeze")
    assert why.endswith("is part of freeze, on which ben is not trained")
    [loaded] = prompts(run, r"^Put .* into the chamber")
    assert (loaded.answered_by, run.state) == ("anna", "closed")


@pytest.mark.requirement("F087", refuses=True)
def test_a_step_for_which_nobody_is_trained_says_so_of_itself(tmp_path: Path) -> None:
    """Not only that nothing happens any more."""
    folder = make_site(tmp_path)
    site = (folder / "site.yaml").read_text()
    (folder / "site.yaml").write_text(re.sub(r"trained: \[receive, ", "trained: [", site))
    run = run_batch(folder, until=86_400.0)
    assert run.stuck
    assert all("nobody here is asked and qualified: receive" in why for why in run.stuck)


@pytest.mark.requirement("F047", "F047.2", refuses=True)
def test_nobody_verifies_the_own_entry(tmp_path: Path) -> None:
    """The same person with the own secret is refused; the second person's word counts."""

    def hook(site: Site) -> None:
        def follow(event: Event, thing: Thing) -> None:
            if isinstance(thing, Prompt) and event.kind == "enter":
                own = proofs(site, verified=thing.answered_by)
                asyncio.get_running_loop().call_soon(verify, thing, own)

        def verify(prompt: Prompt, own: tuple[object, ...]) -> None:
            person = prompt.answered_by
            with pytest.raises(RefusedError, match="a second person has to verify it"):
                site.house.door.enter(Command(f"prompt/{prompt.id}", "verify", {}, person, "terminal-1", own))  # type: ignore[arg-type]  # proofs

        site.house.door.follow(follow)

    run = run_batch(make_site(tmp_path), hook)
    assert len(refused(run, "prompt/")) == 2
    assert {(p.answered_by, p.verified_by) for p in run.things.values() if isinstance(p, Prompt) and p.verified_by} == {
        ("anna", "ben")
    }
    assert run.state == "closed"


@pytest.mark.requirement("F042")
def test_a_batch_is_reviewed_by_somebody_who_had_no_hand_in_it(tmp_path: Path) -> None:
    """Who answered its questions is refused, even with the right; quality reviews it under signature."""
    also = ("anna: {name: Anna Berg, roles: [operator]", "anna: {name: Anna Berg, roles: [operator, quality]")
    folder = change_site(make_site(tmp_path), also)
    assert run_batch(folder).state == "closed"
    told: list[str] = []

    def review(site: Site) -> None:
        for person in ("anna", "dora"):
            body = {"conclusion": "record complete, no exceptions"}
            told.append(enter(site, "batch/B-001", "review", body, by=person, reviewed=person))

    run = resume_batch(folder, review)
    assert told == ["batch B-001: anna had a hand in it; someone else has to review it", ""]
    assert getattr(run.things["batch/B-001"], "reviewed_by", "") == "dora"


@pytest.mark.requirement("F029")
def test_a_file_that_stays_damaged_is_counted_by_hand(tmp_path: Path) -> None:
    """Looked at once more, then entered from the microscope and verified: the batch does not wait for a better file."""
    run = run_batch(make_site(tmp_path), files({"action": "cut", "name": f"{FIRST}.csv", "keep": 300}))
    answers = [asked.values for asked in prompts(run, f"^No result for {FIRST}")]
    assert answers == [(("choice", "look again"),), (("choice", "by hand"),)]
    assert (run.step("count").state, run.state) == ("counted", "closed")
    assert sources(run)[0].startswith("entered by ")
