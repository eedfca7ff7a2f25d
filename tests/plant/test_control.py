"""Procedural control of the freeze day in its details; over all operations: ``tests/plant/test_controls.py``."""

import asyncio
from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.gmp.objects import Thing
from automation.gmp.people.prompts import Prompt
from automation.ledger.event import Event
from fakes.faults import FaultKind
from fakes.freezer import Freezer
from protocols.operations import count, freeze, receive, store
from tests.support.freezing import power_cut, site_with
from tests.support.runs import BATCH, Hook, make_site, plant_of, run_batch
from tests.support.scenes import calibrated, late, marked, order, ordered, orders, refused, sides, stages
from tests.support.supervisor import break_wire, on_call

OPERATIONS: dict[str, type] = {
    "receive": receive.Receive,
    "count": count.Count,
    "freeze": freeze.Freeze,
    "store": store.Store,
}
TABLES = {
    "receive": receive.Receive.table,
    "count": count.Count.table,
    "freeze": freeze.Freeze.table,
    "store": store.Store.table,
}
NORMAL = {"receive": "accepted", "count": "counted", "freeze": "frozen", "store": "stored"}
AT_ONCE = [("receive", "examined"), ("count", "read"), ("freeze", "ended")]  # left in the moment of their entry
ON_THE_WAY = [  # every working state that a good run passes; ``interrupted`` has scenarios of its own
    (step, state)
    for step, table in TABLES.items()
    for state in table.states
    if state not in table.final and state != "interrupted"
]
OBSERVED = [(step, state) for step, state in ON_THE_WAY if step == "freeze"]  # on site B people start and stop it


def at_close(found: list[object]) -> Hook:
    """Note what the freezer's programmer does when the freezer is given free."""

    def hook(site: Site) -> None:
        def look(event: Event) -> None:
            if event.stream == "asset/crf-01" and event.kind == "free":
                fake = plant_of(site).fake("crf-01")
                assert isinstance(fake, Freezer)
                found.append(fake.programmer_state.value)

        site.house.ledger.subscribe(look)

    return hook


def declared(step: str, *kinds: str) -> list[str]:
    """Give those of the side visits that a step's operation declares."""
    return [kind for kind in kinds if hasattr(OPERATIONS[step], kind)]


@pytest.mark.requirement("F005")
@pytest.mark.parametrize(("step", "state"), AT_ONCE)
def test_a_hold_at_the_end_of_a_step_keeps_the_next_one_from_beginning(tmp_path: Path, step: str, state: str) -> None:
    """The state is left before the order arrives: its step is over, and the next waits for the restart."""
    run = run_batch(make_site(tmp_path), ordered(step, state, "hold", "restart", after=0.0))
    following = list(NORMAL)[list(NORMAL).index(step) + 1]
    [restart] = [event for event in run.events if event.stream == f"batch/{BATCH}" and event.kind == "restart"]
    first = next(event for event in run.events if event.stream == f"batch/{BATCH}/step/{following}")
    assert first.at >= restart.at
    assert stages(run, step) == ["running", "complete"]
    assert run.state == "closed"


@pytest.mark.requirement("F005")
@pytest.mark.parametrize("command", ["stop", "abort"])
@pytest.mark.parametrize(("step", "state"), ON_THE_WAY)
def test_a_stop_or_abort_in_any_state_makes_safe_and_ends(tmp_path: Path, step: str, state: str, command: str) -> None:
    """The step is made safe, product is on QA hold, nothing else begins, no question and no claim stays open."""
    run = run_batch(make_site(tmp_path), ordered(step, state, command, after=0.0))
    over, making_safe = {"stop": ("stopped", "stopping"), "abort": ("aborted", "aborting")}[command]
    at_once = (step, state) in AT_ONCE
    assert stages(run, step)[-1] == ("complete" if at_once else over)
    assert sides(run, step) == ([] if at_once else declared(step, making_safe))
    assert orders(run)[2:] == [command, "done", "close"]
    assert not any(stages(run, later) for later in list(NORMAL)[list(NORMAL).index(step) + 1 :])
    assert marked(run, "prompt/", "asking") == marked(run, "asset/", "claim") == []
    bag = run.things["container/BAG-0001"]
    assert getattr(bag, "on_hold", None) is (getattr(bag, "state", "") == "in process")


@pytest.mark.requirement("F005")
@pytest.mark.parametrize("command", ["hold", "stop", "abort"])
@pytest.mark.parametrize(("step", "state"), OBSERVED)
def test_an_observed_freezer_is_controlled_as_safely(tmp_path: Path, step: str, state: str, command: str) -> None:
    """On site B nobody presses a key because of an order; the questions to people are taken back or asked again."""
    run = run_batch(make_site(tmp_path, "b"), ordered(step, state, command, "restart"))
    end = {"hold": "complete", "stop": "stopped", "abort": "aborted"}[command]
    assert stages(run, step)[-1] == end
    started = command == "hold" or state in {"freezing", "ended"}
    assert run.acts["crf-02"] | {"set point": 0} == {
        "start": started,
        "hold": 0,
        "go on": 0,
        "reset": 0,
        "set point": 0,
    }
    assert run.step("store").state == ("stored" if command == "hold" else "")
    assert marked(run, "prompt/", "asking") == marked(run, "asset/", "claim") == []
    assert run.state == "closed"


@pytest.mark.requirement("F048")
@pytest.mark.parametrize("command", ["stop", "abort", "hold"])
def test_a_program_that_runs_is_never_touched_by_procedural_control(tmp_path: Path, command: str) -> None:
    """Whatever is ordered of the workflow, the freezer goes on to the end of its program with the product inside."""
    ends: list[object] = []
    run = run_batch(
        make_site(tmp_path), ordered("freeze", "freezing", command, "restart", later=7200.0), at_close(ends)
    )
    assert run.acts["crf-01"] == {"start": 1, "hold": 0, "go on": 0, "reset": 0, "set point": 1}
    assert ends == ["complete"]


@pytest.mark.requirement("F048")
def test_a_run_that_was_held_is_judged_complete_after_the_restart(tmp_path: Path) -> None:
    """While held the curve is still taken; the end in the device is seen when the step goes on."""
    run = run_batch(make_site(tmp_path), ordered("freeze", "freezing", "hold", "restart", later=7200.0))
    undisturbed = run_batch(make_site(tmp_path / "undisturbed"))
    assert run.step("freeze").state == "frozen"
    for name in ("nucleation", "plateau", "rate"):
        assert run.step("freeze").results[name] == undisturbed.step("freeze").results[name]


@pytest.mark.requirement("F005", "C02", refuses=True)
@pytest.mark.parametrize("command", ["restart", "unpause", "start"])
def test_an_order_out_of_place_changes_nothing_and_is_recorded(tmp_path: Path, command: str) -> None:
    """The refusal stands in the record with what would be possible; the run is as without it."""
    run = run_batch(make_site(tmp_path), ordered("count", "drawn", command))
    [why] = refused(run, f"batch/{BATCH}")
    assert why.startswith(f"'{command}' is not possible in state 'running'")
    assert orders(run) == ["issue", "start", "complete", "close"]
    assert stages(run, "count") == ["running", "complete"]


@pytest.mark.requirement("F005", "F106", refuses=True)
@pytest.mark.parametrize("command", ["hold", "pause", "stop", "abort"])
def test_an_order_by_somebody_without_the_right_changes_nothing_and_is_recorded(tmp_path: Path, command: str) -> None:
    """Quality reviews a batch, and does not direct it."""
    run = run_batch(make_site(tmp_path), ordered("freeze", "freezing", command, by="dora"))
    [why] = refused(run, f"batch/{BATCH}")
    assert why.startswith(f"dora may not {command} batch/{BATCH}: needs the right perform or supervise")
    assert (run.state, stages(run, "freeze")) == ("closed", ["running", "complete"])


@pytest.mark.requirement("F005")
def test_an_abort_overtakes_a_hold_that_is_not_finished(tmp_path: Path) -> None:
    """The question of the hold is taken back, and nothing that was queued is carried out."""
    run = run_batch(make_site(tmp_path), ordered("freeze", "ready for product", "hold", "abort", later=2.0))
    assert stages(run, "freeze") == ["running", "holding", "aborting", "aborted"]
    assert sides(run, "freeze") == ["holding", "aborting"]
    assert orders(run)[2:] == ["hold", "abort", "done", "close"]
    assert marked(run, "prompt/", "asking") == []


@pytest.mark.requirement("F005")
def test_an_abort_overtakes_a_stop_that_is_not_finished(tmp_path: Path) -> None:
    """A stop that waits for a person's confirmation gives way."""
    run = run_batch(make_site(tmp_path), ordered("freeze", "freezing", "stop", "abort", later=2.0))
    assert stages(run, "freeze") == ["running", "stopping", "aborting", "aborted"]
    assert orders(run)[2:] == ["stop", "abort", "done", "close"]
    assert run.acts["crf-01"]["reset"] == 0


@pytest.mark.requirement("F048")
@pytest.mark.parametrize("command", ["stop", "abort"])
def test_a_stop_with_the_program_standing_still_says_what_the_product_needs(tmp_path: Path, command: str) -> None:
    """After a power loss the freezer holds: nobody is told that it goes on, but what to do with the product now."""
    folder = site_with(tmp_path, power_fail="hold")
    run = run_batch(folder, *power_cut(minutes=10), ordered("freeze", "interrupted", command))
    [confirm] = [
        t for t in run.things.values() if isinstance(t, Prompt) and t.opening and "The workflow" in t.opening.text
    ]
    assert confirm.opening is not None
    assert "The program stands in hold, sample -" in confirm.opening.text
    assert "to the end of its program" not in confirm.opening.text
    assert getattr(run.things["container/BAG-0001"], "on_hold", False)
    assert orders(run)[-1] == "close"


@pytest.mark.requirement("F017")
@pytest.mark.parametrize("command", ["stop", "abort"])
def test_what_still_counts_is_cancelled_when_the_batch_ends(tmp_path: Path, command: str) -> None:
    """A clock of a closed batch can't be met any more, and calls nobody."""
    run = run_batch(make_site(tmp_path), late(r"^Clean crf-01", 120.0), ordered("freeze", "loaded", command))
    assert {name: thing.state for name, thing in run.things.items() if name.startswith("timer/")} == {
        "timer/B-001.exposure-before-freezing": "overrun"
    }
    quick = run_batch(make_site(tmp_path / "quick"), ordered("freeze", "loaded", command))
    assert {thing.state for name, thing in quick.things.items() if name.startswith("timer/")} == {"cancelled"}


@pytest.mark.requirement("F125")
def test_a_step_that_is_ended_waits_for_nothing_any_more(tmp_path: Path) -> None:
    """Held because its freezer fell out of calibration, then stopped: that it can't go on is no alarm any longer."""
    run = run_batch(
        make_site(tmp_path), calibrated("2026-01-05T08:11:00+01:00"), ordered("freeze", "loaded", "stop", after=600.0)
    )
    assert stages(run, "freeze") == ["running", "holding", "held", "stopping", "stopped"]
    assert run.things["alarm/B-001.freeze.step"].state == "returned"


@pytest.mark.requirement("F043")
@pytest.mark.parametrize("command", ["stop", "abort"])
def test_a_batch_ended_at_the_signatures_of_a_step_is_still_signed(tmp_path: Path, command: str) -> None:
    """The step was over: who did it signs for it, then the record is closed."""

    def hook(site: Site) -> None:
        def follow(event: Event, _thing: Thing) -> None:
            if event.stream == "prompt/B-001.count.signatures" and event.kind == "open":
                asyncio.get_running_loop().call_later(1.0, order, site, command)

        site.house.door.follow(follow)

    run = run_batch(make_site(tmp_path), hook)
    assert run.kinds("count")[-1] == "concluded"
    assert run.things["prompt/B-001.count.signatures"].state == "answered"
    assert (orders(run)[2:], run.kinds("freeze")) == ([command, "done", "close"], [])


SLOW = 1.5  # s that the freezer takes to answer; its deadline is longer


def in_flight(command: str) -> Hook:
    """Order something while the freezer has not yet answered that it took the program."""

    def hook(site: Site) -> None:
        def sent() -> None:
            break_wire(site, FaultKind.DELAY_REPLY, delay=SLOW)
            asyncio.get_running_loop().call_later(SLOW / 3, order, site, command)

        on_call(site, "freeze", "load", sent)

    return hook


@pytest.mark.requirement("F005")
def test_a_hold_lets_the_act_in_flight_come_back_first(tmp_path: Path) -> None:
    """The answer is on the record before anything is made safe, and the act is not repeated."""
    run = run_batch(make_site(tmp_path), in_flight("hold"), ordered("freeze", "empty", "restart", after=600.0))
    kinds = run.kinds("freeze")
    holding = next(n for n, event in enumerate(kinds) if event == "enter" and n > kinds.index("call"))
    assert kinds.index("call") < kinds.index("reply") < holding
    calls = [e for e in run.events if e.kind == "call" and e.fields["method"] == "load"]
    assert (len(calls), run.state) == (1, "closed")


@pytest.mark.requirement("F005")
def test_an_abort_overtakes_the_act_in_flight(tmp_path: Path) -> None:
    """It does not wait for the freezer's answer, and the late answer is nobody's."""
    run = run_batch(make_site(tmp_path), in_flight("abort"))
    stream = f"batch/{BATCH}/step/freeze"
    aborting = next(e for e in run.events if e.stream == stream and e.fields.get("state") == "aborting")
    [ordered_at] = [e.at for e in run.events if e.stream == f"batch/{BATCH}" and e.kind == "abort"]
    assert aborting.at == ordered_at
    assert "reply" not in run.kinds("freeze")
    assert stages(run, "freeze") == ["running", "aborting", "aborted"]
    [confirm] = [
        t for t in run.things.values() if isinstance(t, Prompt) and t.opening and "The workflow" in t.opening.text
    ]
    assert confirm.opening is not None
    assert "It had not started" in confirm.opening.text


@pytest.mark.requirement("F005")
@pytest.mark.parametrize(("stand", "go_on"), [("hold", "restart"), ("pause", "unpause")])
def test_an_order_in_the_moment_in_which_the_last_step_ends_is_carried_out(
    tmp_path: Path, stand: str, go_on: str
) -> None:
    """The batch stands still until it is let go on, and closes then."""
    hook = ordered("count", "read", stand, go_on, after=0.0, later=600.0)
    run = run_batch(make_site(tmp_path), hook, recipe="thaw-starting-material", until=40_000.0)
    assert (run.state, run.error) == ("closed", "")
    assert orders(run)[2:] == [stand, "done", go_on, *(["done"] if stand == "hold" else []), "complete", "close"]
    closed = next(e.at for e in run.events if e.stream == f"batch/{BATCH}" and e.kind == "close")
    stood = next(e.at for e in run.events if e.stream == f"batch/{BATCH}" and e.kind == stand)
    assert closed - stood >= 600_000_000
