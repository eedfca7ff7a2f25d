"""What can go wrong at the washer in a batch: each ends in the right state, with an exception in the record.

Times are s after a state of the wash was entered; the program loads from 10 s on, washes from about 8 min, recovers at
the end of its 10 min.
"""

from pathlib import Path

import pytest

from automation.engine.site import Site
from fakes.faults import Fault, FaultKind
from fakes.rotea import WASH
from tests.support.runs import BATCH, Run, make_site, plant_of, resume_batch, run_batch, staff_of, when
from tests.support.scenes import answer, change_site, choose, differs, ordered, scan, sides, stages
from tests.support.supervisor import on_call, restart, stop, when_held
from tests.support.washes import (
    HARVEST,
    LOADING,
    RECIPE,
    RECOVERING,
    WASHED,
    WASHING,
    Inside,
    after_question,
    at_question,
    break_wire,
    cleared,
    first,
    hand,
    meanwhile,
    outcome,
    said,
    until_washed,
    washed,
    wire,
)

RINSED = "rinse: bring the cells out of the chamber into the product bag by hand"
BROKEN = (FaultKind.LOSE_COMMAND, FaultKind.LOSE_REPLY, FaultKind.GARBLE_REPLY)
AGAIN = "watch on: look again whether the washer answers"


def acts(run: Run, what: str) -> int:
    """Give how often the washer itself counts an act."""
    return run.acts["washer-01"][what]


def noted(run: Run, name: str) -> list[str]:
    """Give the notes of a wash: acknowledgements, interruptions or findings."""
    found = run.step("wash").results.get(name, [])
    return [str(one) for one in found] if isinstance(found, list) else []


def mismatches(run: Run) -> int:
    """Count the scans that were not what was asked for."""
    prompts = [thing for name, thing in run.things.items() if name.startswith(f"prompt/{BATCH}.wash")]
    return sum(int(getattr(one, "mismatches", 0)) for one in prompts)


@pytest.mark.requirement("F028", refuses=True)
@pytest.mark.parametrize("wrong", [{"valid": False}, {"used": True}])
def test_a_kit_that_is_not_valid_or_was_used_before_is_replaced(tmp_path: Path, wrong: dict[str, bool]) -> None:
    """The washer says so; a deviation names the kit, another of the lot is taken and counted, the wash goes on."""
    run = washed(tmp_path, after_question("load the kit", lambda site: hand(site, "kit", id="KIT-5501-001", **wrong)))
    assert outcome(run) == ("washed", False)
    assert run.step("wash").results["kit"] == "KIT-5501-002"
    assert run.deviations() == ["kit KIT-5501-001 is not used: not valid: wrong, damaged or used before"]
    assert getattr(run.things["lot/KIT-5501"], "left", 0.0) == 18.0


@pytest.mark.requirement("F016", "F028", refuses=True)
def test_without_a_good_kit_the_wash_is_refused_and_nothing_ran(tmp_path: Path) -> None:
    """After three kits nobody goes on trying; the cells are where they were."""
    run = washed(tmp_path, after_question("load .*kit", lambda site: hand(site, "kit", id="K", valid=False), times=3))
    assert (run.state, outcome(run)) == ("held", ("refused", False))
    assert (acts(run, "prepare"), acts(run, "start")) == (0, 0)
    assert run.things[f"container/{HARVEST}"].state == "in process"


def test_a_batch_that_is_restarted_after_a_refused_wash_waits_for_what_the_wash_did_not_give(tmp_path: Path) -> None:
    """The next step needs the washed volume: the batch is held and says so, and a person stops it."""
    edited = first("edit", protocol=WASH, revision="B")
    run = washed(tmp_path, edited, lambda site: when_held(site, (restart(),), (stop(),)))
    assert (run.state, run.error) == ("closed", "")
    assert any("needs wash.volume_out, and step 'wash' gave no such result" in words for words in run.alarms())
    assert run.step("count-washed").stage == "idle"


@pytest.mark.requirement("F028", refuses=True)
def test_another_kit_than_the_one_that_was_entered_is_not_used(tmp_path: Path) -> None:
    """The number on the kit and the one that the washer reads have to be the same."""
    run = washed(tmp_path, differs("load the kit", kit="KIT-5501-999"))
    assert outcome(run) == ("washed", False)
    assert run.deviations() == ["kit KIT-5501-999 is not used: the washer reads KIT-5501-001"]


@pytest.mark.requirement("F016", "F019", refuses=True)
def test_a_protocol_with_another_checksum_never_runs(tmp_path: Path) -> None:
    """Somebody has edited it: refused with a deviation that names both checksums, and nothing is sent or started."""
    run = washed(tmp_path, first("edit", protocol=WASH, revision="B"))
    assert (run.state, outcome(run)) == ("held", ("refused", False))
    assert (acts(run, "prepare"), acts(run, "start")) == (0, 0)
    assert said(run, "approved is 636e5d1630bf1ad7347cde6ade6835b4")


def test_a_protocol_that_is_put_right_runs_and_leaves_its_deviation(tmp_path: Path) -> None:
    """Two people put the approved revision back; the program is read again before anything goes on."""
    back = at_question(
        "does not hold the approved program", lambda site: hand(site, "edit", protocol=WASH, revision="A")
    )
    run = washed(tmp_path, first("edit", protocol=WASH, revision="B"), back)
    assert (outcome(run), acts(run, "start")) == (("washed", False), 1)
    assert len(run.deviations()) == 1


@pytest.mark.requirement("F016", "F019", refuses=True)
def test_a_protocol_that_is_edited_during_the_run_is_never_accepted(tmp_path: Path) -> None:
    """However good the numbers: what ran is not known to be what was approved."""
    run = washed(tmp_path, meanwhile("edit", after=WASHING, protocol=WASH, revision="C"))
    assert outcome(run) == ("out of limit", True)
    assert said(run, "which is not the approved one")


@pytest.mark.requirement("F016", "F031")
@pytest.mark.parametrize(("cause", "what"), [("bubble", "bubble"), ("clamp", "pressure")])
def test_a_bubble_or_overpressure_is_looked_at_by_a_person_and_answered_once(
    tmp_path: Path, cause: str, what: str
) -> None:
    """The washer waits, people are called, one decides; the answer goes out once and the alarm is over."""
    more: dict[str, object] = {"line": "source", "share": 0.95} if cause == "clamp" else {}
    run = washed(tmp_path, meanwhile(cause, after=LOADING, state="washing", **more))
    assert (outcome(run), acts(run, "acknowledge")) == (("washed", False), 1)
    assert noted(run, "acknowledgements") == [f"{what} in step 2: continue"]
    assert run.deviations() == [f"{what} in step 2"]
    assert cleared(run, "washer wait")


def test_a_step_that_people_skip_is_judged_by_its_accounts(tmp_path: Path) -> None:
    """Who skips the wash keeps the old medium: the residual is out of limit, and the bag is held."""
    run = washed(tmp_path, meanwhile("bubble", after=WASHING), choose("^The washer waits", "skip"))
    assert (outcome(run), acts(run, "skip")) == (("out of limit", True), 1)
    assert any("calculated residual" in finding for finding in noted(run, "findings"))


def test_an_empty_source_bag_makes_a_bubble_that_comes_back_until_people_skip(tmp_path: Path) -> None:
    """The bag held less than the record says: waits are counted, and the volumes do not close."""
    spilled = at_question(
        "^Connect", lambda site: plant_of(site).hand("bench", "pour", source=HARVEST, dest="BUF-3301", volume=20.0)
    )
    run = washed(tmp_path, spilled)
    assert noted(run, "acknowledgements") == ["bubble in step 2: continue", "bubble in step 2: skip"]
    assert outcome(run) == ("out of limit", True)
    assert said(run, "the volumes do not close")


def test_a_pause_at_the_panel_is_noted_and_ends_there(tmp_path: Path) -> None:
    """Somebody pressed pause and presses continue: nothing is told to the washer, and the record has it."""
    pause, on = meanwhile("pause", after=LOADING), meanwhile("acknowledge", after=LOADING + 120, answer="continue")
    run = washed(tmp_path, pause, on, choose("^The washer waits", "at the panel: it is answered there"))
    assert (outcome(run), acts(run, "acknowledge"), acts(run, "skip")) == (("washed", False), 0, 0)
    assert noted(run, "interruptions") == ["paused at the panel in step 2"]
    assert cleared(run, "washer wait")


def test_a_pause_that_nobody_ends_leads_to_the_recovery_step_by_decision(tmp_path: Path) -> None:
    """The run is not over in its time: two people choose, and the cells that are inside come out."""
    inside = Inside()
    pause, leave = meanwhile("pause", after=WASHING), choose("^The washer waits", "at the panel: it is answered there")
    run = washed(tmp_path, pause, leave, inside)
    assert run.step("wash").results["decision"] == "recover: lead the run to its recovery step"
    assert said(run, "wash interrupted: the run is not over after 60 min")
    assert (outcome(run), acts(run, "skip")) == (("out of limit", True), 1)
    assert inside.recovered() > 90.0


def test_an_answer_that_somebody_gave_at_the_panel_first_is_not_given_again(tmp_path: Path) -> None:
    """Between question and answer the washer went on: it is asked first, refuses, and that is noted."""
    early = meanwhile("acknowledge", after=LOADING + 12, answer="continue")
    run = washed(tmp_path, meanwhile("bubble", after=LOADING), early)
    assert (outcome(run), acts(run, "acknowledge")) == (("washed", False), 0)
    assert said(run, "continue was not taken: washer-01: it no longer waits for bubble in step 2")


def test_the_door_is_locked_in_a_run_and_forced_open_breaks_it_off(tmp_path: Path) -> None:
    """The run is over where it was; the cells are brought out by hand, the rest of the harvest is not called empty."""
    inside = Inside()
    run = washed(tmp_path, meanwhile("door", after=LOADING, open=True, forced=True), inside)
    assert (run.state, outcome(run)) == ("held", ("salvaged", True))
    assert said(run, "wash interrupted: the washer stands in error, its door is open")
    assert said(run, f"mL are left in {HARVEST}")
    assert run.things[f"container/{HARVEST}"].state == "in process"


def test_a_door_that_is_opened_while_the_washer_waits_is_an_alarm_until_it_is_closed(tmp_path: Path) -> None:
    """With an open door no answer is taken; the second time the door is closed first."""
    opened = after_question("^The washer waits", lambda site: hand(site, "door", open=True))
    run = washed(tmp_path, meanwhile("bubble", after=LOADING), opened)
    assert (outcome(run), acts(run, "acknowledge")) == (("washed", False), 1)
    assert "the door of the washer is open in step 2" in noted(run, "interruptions")
    assert said(run, "bubble in step 2: continue was not taken")
    assert cleared(run, "washer door")


@pytest.mark.parametrize("answered", [False, True])
def test_a_wait_over_a_restart_is_answered_once_and_nothing_is_skipped(tmp_path: Path, *, answered: bool) -> None:
    """The program stops before or after the answer was told: the washer gets one answer, that of the person."""

    def alone(site: Site) -> None:
        when(site, "wash", "washing", staff_of(site).leave, after=LOADING + 5)

    hooks = () if answered else (alone,)
    until = 1_850.0 if answered else 3_000.0
    run = washed(tmp_path, meanwhile("bubble", after=LOADING), *hooks, until=until)
    assert (run.error, acts(run, "acknowledge"), acts(run, "skip")) == ("not over", int(answered), 0)
    after = resume_batch(tmp_path, until_washed, recipe=RECIPE, until=20_000.0)
    assert (outcome(after), acts(after, "acknowledge"), acts(after, "skip")) == (("washed", False), 1, 0)
    assert noted(after, "acknowledgements") == ["bubble in step 2: continue"]


@pytest.mark.parametrize(
    ("choice", "state"),
    [
        ("go on without it: what was watched stands", "washed"),
        ("refuse the wash: its run history is missing", "out of limit"),
    ],
)
def test_a_missing_run_history_is_a_deviation_and_people_decide(tmp_path: Path, choice: str, state: str) -> None:
    """It is looked for again; then what was watched stands, or the wash is refused."""
    run = washed(tmp_path, meanwhile("lose histories", after=0.5, state="collected"), choose("run history", choice))
    assert outcome(run) == (state, state != "washed")
    assert said(run, "no run history of kit KIT-5501-001 was found")
    assert run.step("wash").results["history_sha256"] == ""


@pytest.mark.parametrize("kind", [*BROKEN, FaultKind.LOSE_LINK])
def test_a_broken_wire_during_the_run_is_an_alarm_that_clears(tmp_path: Path, kind: FaultKind) -> None:
    """The washer goes on by itself; readings that can't be had are gaps, and nothing is told to it."""
    run = washed(tmp_path, wire(kind, after=LOADING, frames=6))
    assert (outcome(run), run.deviations()) == (("washed", False), [])
    assert cleared(run, "link washer-01.look")


@pytest.mark.requirement("F016", "C01.3")
@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_a_start_whose_reply_is_lost_is_asked_about_and_happens_once(
    tmp_path: Path, kind: FaultKind, chunk: int
) -> None:
    """Whichever exchange of the start is hit, the washer itself counts one start."""

    def hit(site: Site) -> None:
        on_call(site, "wash", "start", lambda: break_wire(site, kind, chunk=chunk))

    run = washed(tmp_path, hit)
    assert (outcome(run), acts(run, "start")) == (("washed", False), 1)


def test_a_washer_that_stays_silent_leads_to_a_decision_and_may_have_gone_on(tmp_path: Path) -> None:
    """Nobody answers for 5 min: people choose; the cable is put back, the run is over, and its history tells."""
    silent, on = wire(FaultKind.LOSE_COMMAND, after=LOADING, frames=75), choose("^Wash interrupted", AGAIN)
    run = washed(tmp_path, silent, on)
    assert said(run, "wash interrupted: the washer does not answer, and nothing was seen for 5 min")
    assert (outcome(run), acts(run, "start"), acts(run, "skip")) == (("washed", True), 1, 0)


@pytest.mark.requirement("F016", "F031")
@pytest.mark.parametrize(("after", "share"), [(LOADING, 20.0), (WASHING, 90.0), (RECOVERING, 90.0)])
def test_after_a_power_loss_in_the_run_nothing_starts_again_and_the_cells_are_brought_out(
    tmp_path: Path, after: float, share: float
) -> None:
    """State and volumes are read first, both bags are on hold, two people choose by where the cells are."""
    inside = Inside()
    cut = meanwhile("power", after=after, on=False), meanwhile("power", after=after + 60, on=True)
    run = washed(tmp_path, *cut, inside)
    assert (run.step("wash").results["decision"], outcome(run)) == (RINSED, ("salvaged", True))
    assert said(run, "wash interrupted: the washer stands in error")
    assert acts(run, "start") == 1
    assert inside.recovered() > share


def test_a_power_loss_while_it_primes_keeps_the_cells_in_their_bag(tmp_path: Path) -> None:
    """Nothing was drawn yet: the harvest is clamped and kept for another kit."""
    run = washed(tmp_path, meanwhile("power", after=2.0, on=False))
    assert str(run.step("wash").results["decision"]).startswith("keep: clamp the source bag")
    assert outcome(run) == ("salvaged", True)
    assert run.things[f"container/{HARVEST}"].state == "in process"


@pytest.mark.parametrize(
    ("question", "trouble"),
    [
        (
            "load the kit",
            "program not as approved: washer-01: a protocol can't be prepared while the washer is in error",
        ),
        ("^Connect", "the washer did not start: washer-01: the washer is in error"),
    ],
)
def test_a_power_loss_before_the_run_starts_nothing(tmp_path: Path, question: str, trouble: str) -> None:
    """The washer refuses to be prepared or started, three times; the wash is refused, the cells where they were."""
    run = washed(tmp_path, after_question(question, lambda site: hand(site, "power", on=False)))
    assert (run.state, run.step("wash").state, acts(run, "start")) == ("held", "refused", 0)
    assert said(run, trouble)
    assert run.things[f"container/{HARVEST}"].state == "in process"


@pytest.mark.parametrize("command", ["stop", "abort"])
@pytest.mark.parametrize(("after", "skips"), [(LOADING, 2), (WASHING, 1), (RECOVERING, 0)])
def test_a_wash_that_is_stopped_or_aborted_ends_by_its_recovery_step(
    tmp_path: Path, command: str, after: float, skips: int
) -> None:
    """Step by step to the recovery, to its end, then clamps, then door: what was inside is in the product bag."""
    inside = Inside()
    run = washed(tmp_path, ordered("wash", "washing", command, after=after), inside)
    assert (acts(run, "skip"), sides(run, "wash")) == (skips, ["stopping" if command == "stop" else "aborting"])
    assert stages(run, "wash")[-1] == ("stopped" if command == "stop" else "aborted")
    assert outcome(run)[1]
    share = 100.0 * (1.0 - float(inside.of(HARVEST).live) / 1.24e9)
    assert inside.recovered() == pytest.approx(share, abs=6.0)
    assert float(getattr(run.things[f"container/{WASHED}"], "volume_ml", 0.0)) == pytest.approx(20.0, abs=0.5)


def test_a_wash_that_waits_can_be_stopped_without_answering(tmp_path: Path) -> None:
    """The wait is left by skipping to the recovery; the open question is taken back."""
    bubble, slow = meanwhile("bubble", after=WASHING), answer("^The washer waits", takes=900.0, choice="continue")
    run = washed(tmp_path, bubble, slow, ordered("wash", "washing", "stop", after=WASHING + 60))
    assert (stages(run, "wash")[-1], acts(run, "acknowledge"), acts(run, "skip")) == ("stopped", 0, 1)


@pytest.mark.parametrize(("after", "paused"), [(5.0, 0), (LOADING, 1), (RECOVERING, 0)])
def test_a_hold_pauses_only_where_the_program_keeps_the_cells(tmp_path: Path, after: float, paused: int) -> None:
    """In the other steps the run goes on in the washer while the workflow is held; the wash ends well either way."""
    run = washed(tmp_path, ordered("wash", "washing", "hold", "restart", after=after))
    assert (acts(run, "pause"), acts(run, "acknowledge")) == (paused, paused)
    assert (outcome(run), sides(run, "wash")) == (("washed", False), ["holding", "restarting"])


@pytest.mark.requirement("F020.2", refuses=True)
def test_a_wrong_bag_at_the_balance_is_refused_and_counted(tmp_path: Path) -> None:
    """The code of the harvest is scanned where the new bag's label is due: refused, then the right one is weighed."""
    run = washed(tmp_path, differs(f"put the label {WASHED}", code="=A99992600010100"))
    assert (outcome(run), mismatches(run)) == (("washed", False), 1)


@pytest.mark.requirement("F006")
@pytest.mark.requirement("F006", refuses=True)
def test_a_bag_of_another_patient_locks_the_wash_until_two_people_clear_the_line(tmp_path: Path) -> None:
    """The deviation stays; with the line cleared the right bag is scanned and the wash goes on."""
    run = washed(tmp_path, differs(f"put the label {WASHED}", code="=A99992600001700"))
    assert outcome(run) == ("washed", False)
    assert said(run, "a donation number of another patient was scanned")


@pytest.mark.requirement("F096", refuses=True)
def test_a_wrong_lot_of_buffer_is_refused(tmp_path: Path) -> None:
    """The cryoprotectant hangs where the buffer should: its label is not taken."""
    run = washed(tmp_path, scan("^Hang BUF-3301", "LOT:CRYO-2203"))
    assert (outcome(run), mismatches(run)) == (("washed", False), 1)


def test_lines_that_the_second_person_finds_wrong_are_connected_anew(tmp_path: Path) -> None:
    """The second person disputes; the question is open again, and nothing starts before it is verified."""
    run = washed(tmp_path)
    prompt = next(p for p in run.things.values() if "Connect at the washer" in str(getattr(p, "opening", "")))
    assert getattr(prompt, "verified_by", "") not in {"", getattr(prompt, "answered_by", "")}


@pytest.mark.parametrize(("action", "details"), [("draught", {"on": True}), ("load", {"mass": 9000.0})])
def test_a_balance_that_gives_no_weight_is_left_for_another_one(
    tmp_path: Path, action: str, details: dict[str, object]
) -> None:
    """After three tries two people read another balance; the accounts close with what they entered."""
    broken = at_question("put the label", lambda site: plant_of(site).hand("balance-01", action, **details))
    run = washed(tmp_path, broken)
    assert said(run, f"{WASHED} could not be weighed: the balance shows")
    assert outcome(run) == ("washed", False)


@pytest.mark.parametrize("kind", [*BROKEN, FaultKind.LOSE_LINK])
def test_a_broken_wire_to_the_balance_costs_a_deviation_and_no_weight(tmp_path: Path, kind: FaultKind) -> None:
    """After three tries the bag is asked for again; what is recorded is what it weighs."""

    def cut(site: Site) -> None:
        faults = plant_of(site).faults
        begin = faults.acts.get("balance-01", 0)
        for act in range(begin + 1, begin + (10 if kind is FaultKind.GARBLE_REPLY else 7)):
            faults.add(Fault("balance-01", act, kind))

    run = washed(tmp_path, after_question("put the label", cut))
    assert said(run, f"{WASHED} could not be weighed: ")
    assert run.step("wash").results["mass_bag"] == pytest.approx(18.0, rel=0.025)
    assert outcome(run) == ("washed", False)


def test_a_tare_that_stands_in_the_balance_does_not_change_a_weight(tmp_path: Path) -> None:
    """Somebody tared the bag: what is recorded is the whole container all the same."""

    def tared(site: Site) -> None:
        plant_of(site).hand("balance-01", "press", command="T")

    run = washed(tmp_path, after_question("put the label", tared))
    assert run.step("wash").results["mass_bag"] == pytest.approx(18.0, rel=0.025)
    assert outcome(run) == ("washed", False)


def test_a_bag_that_was_not_put_on_the_balance_is_no_weight(tmp_path: Path) -> None:
    """Its label was scanned and the pan is empty: that is no bag of no weight, and it is asked for again."""

    def off(site: Site) -> None:
        plant_of(site).hand("balance-01", "take off", container=WASHED)

    run = washed(tmp_path, after_question("put the label", off))
    assert said(run, f"{WASHED} could not be weighed: nothing is on the balance")
    assert run.step("wash").results["mass_bag"] == pytest.approx(18.0, rel=0.025)
    assert outcome(run) == ("washed", False)


def test_a_harvest_that_weighs_another_volume_is_a_deviation(tmp_path: Path) -> None:
    """The record says 399 mL, the balance 60 mL less: it is noted before anything is connected."""
    lost = at_question(
        "^Mix. Put", lambda site: plant_of(site).hand("bench", "pour", source=HARVEST, dest="BUF-3301", volume=60.0)
    )
    run = washed(tmp_path, lost)
    assert said(run, f"{HARVEST} weighs as 33")


def test_a_step_by_hand_that_was_stopped_goes_on_by_decision(tmp_path: Path) -> None:
    """At site B a person stopped a step: it waits, another decides, and the step is asked for again."""
    run = washed(tmp_path, differs("step 2 of 4", went="stopped before its end"), site="b")
    assert noted(run, "acknowledgements") == ["paused at the panel in step 2: continue"]
    assert run.step("wash").state in {"washed", "out of limit"}
    assert said(run, "paused at the panel in step 2")


def test_a_wash_by_hand_is_judged_by_the_same_accounts(tmp_path: Path) -> None:
    """Two cycles leave (10 / 160) squared of the old medium, from the volumes that people entered."""
    run = washed(tmp_path, site="b")
    assert outcome(run) == ("washed", False)
    results = run.step("wash").results
    assert results["residual"] == pytest.approx(0.39, abs=0.01)
    assert abs(float(str(results["unaccounted"]))) <= float(str(results["unaccounted_expanded"]))


def test_a_site_whose_washer_has_no_approved_program_is_held_before_anything(tmp_path: Path) -> None:
    """The recipe names the models that it approves programs for; another one is not tried."""
    folder = make_site(tmp_path, "b")
    path = folder / "site.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("SC-4 centrifuge", "SC-5"), encoding="utf-8")
    run = run_batch(folder, recipe=RECIPE, until=6_000.0)
    assert (run.state, run.step("wash").state) == ("held", "")
    assert any("the recipe approves programs for CTS Rotea, SC-4 centrifuge" in words for words in run.alarms())


def observed(folder: Path) -> Path:
    """Make a site whose washer nobody can talk to: people work its panel."""
    return change_site(
        make_site(folder, "b"),
        ("driver: manual_washer", "driver: observed_washer"),
        ("fake: centrifuge", "fake: rotea"),
        ("model: SC-4 centrifuge", "model: CTS Rotea"),
    )


def test_a_washer_that_nobody_can_talk_to_is_judged_by_the_same_accounts(tmp_path: Path) -> None:
    """People press its keys and attach its run history; the operation is the same."""
    run = run_batch(observed(tmp_path), until_washed, recipe=RECIPE, until=20_000.0)
    assert outcome(run) == ("washed", False)
    assert len(str(run.step("wash").results["history_sha256"])) == 64


def test_cells_that_never_came_out_are_looked_for_before_anything_is_booked(tmp_path: Path) -> None:
    """A person says that the run has ended; the product bag weighs nothing, and people choose how to save the cells."""
    cut, inside = meanwhile("power", after=LOADING, on=False), Inside()
    run = run_batch(observed(tmp_path), cut, inside, until_washed, recipe=RECIPE, until=20_000.0)
    assert said(run, "wash interrupted: nothing came into the product bag")
    assert (run.step("wash").results["decision"], outcome(run)) == (RINSED, ("salvaged", True))
    assert inside.recovered() > 20.0


def test_a_washer_that_does_not_tell_its_step_is_led_to_its_recovery_by_a_person(tmp_path: Path) -> None:
    """No step is skipped blindly: a person at the panel knows which one it is, and the run goes to its end."""
    stop, inside = ordered("wash", "washing", "stop", after=WASHING), Inside()
    run = run_batch(observed(tmp_path), stop, inside, until_washed, recipe=RECIPE, until=20_000.0)
    assert stages(run, "wash")[-1] == "stopped"
    assert inside.recovered() > 90.0
