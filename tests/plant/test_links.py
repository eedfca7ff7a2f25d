"""Lost, garbled and late answers of the freezer in a batch: asked about, never repeated blindly, always recorded.

``start`` is four frames: look at the state, choose the program, run, look again; the third is the one that counts.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.ledger.event import Event
from fakes.faults import FaultKind
from tests.support.freezing import cleared, outcome, trend
from tests.support.runs import Hook, Run, make_site, run_batch, when
from tests.support.scenes import order
from tests.support.supervisor import Said, break_wire, on_call, resolve, restart, stop, when_held

RUN_FRAME = 3
DEAF = 6  # frames: the start, the question about it, how it stands, and three looks while the step is being held
BROKEN = [kind for kind in FaultKind if kind is not FaultKind.NOISE]
GOOD = ("frozen", "pass", False)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Give a day without faults."""
    return run_batch(make_site(tmp_path_factory.mktemp("whole")))


def broken_start(kind: FaultKind, *, frames: int = 1, chunk: int = RUN_FRAME) -> Hook:
    """Break the wire while the program is being started."""
    return lambda site: on_call(
        site, "freeze", "start", lambda: break_wire(site, kind, frames=frames, chunk=chunk, delay=3.0)
    )


def answered(*rounds: tuple[Said, ...]) -> Hook:
    """Let the supervisor say something each time the batch is held."""
    return lambda site: when_held(site, *rounds)


def of_method(run: Run, method: str) -> list[tuple[str, Mapping[str, object]]]:
    """Give kind and fields of the events of one act of the freezing step, replies and doubts included."""
    stream = [event for event in run.events if event.stream.endswith("step/freeze")]
    calls = {(e.fields["visit"], e.fields["n"]) for e in stream if e.kind == "call" and e.fields["method"] == method}
    return [(e.kind, e.fields) for e in stream if (e.fields.get("visit"), e.fields.get("n")) in calls]


def by_second(run: Run) -> dict[int, float | None]:
    """Give the readings of the chamber by whole seconds: after a fault the wire is drained first, which takes 0.2 s."""
    return {at // 1_000_000: value for at, value in trend(run, "crf-01.chamber").items()}


@pytest.mark.requirement("C01.3", "C05.1")
@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("chunk", [1, RUN_FRAME])
def test_a_start_on_a_broken_wire_starts_once(tmp_path: Path, kind: FaultKind, chunk: int) -> None:
    """The device is asked what became of it; its own counter says one start, and the record how that is known."""
    run = run_batch(make_site(tmp_path), broken_start(kind, chunk=chunk))
    assert (run.state, outcome(run), run.acts["crf-01"]["start"]) == ("closed", GOOD, 1)
    told = of_method(run, "start")
    again = [fields for name, fields in told if name == "call" and fields.get("attempt", 1) == 2]
    asked = [fields for name, fields in told if name == "reply" and fields.get("reconciled")]
    assert len(again) + len(asked) == 1


@pytest.mark.requirement("C05.1")
@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("chunk", [1, 40])
def test_a_program_loaded_over_a_broken_wire_is_written_again_and_stands_as_approved(
    tmp_path: Path, kind: FaultKind, chunk: int
) -> None:
    """The same program twice is one program: set again, read back, started once."""

    def hook(site: Site) -> None:
        on_call(site, "freeze", "load", lambda: break_wire(site, kind, chunk=chunk, delay=3.0))

    run = run_batch(make_site(tmp_path), hook)
    calls = [fields.get("attempt", 1) for name, fields in of_method(run, "load") if name == "call"]
    assert (calls, run.acts["crf-01"]["start"], outcome(run)) == ([1, 2], 1, GOOD)


@pytest.mark.requirement("C07")
@pytest.mark.parametrize("kind", BROKEN)
def test_a_reading_on_a_broken_wire_is_a_gap_and_an_alarm_that_clears(
    tmp_path: Path, whole: Run, kind: FaultKind
) -> None:
    """One look is missing, nothing is invented for it, and every later reading is the one of a day without faults."""
    run = run_batch(
        make_site(tmp_path / "broken"),
        lambda site: when(site, "freeze", "freezing", lambda: break_wire(site, kind, delay=9.0), after=600.0),
    )
    assert (outcome(run), cleared(run, "link crf-01.run")) == (GOOD, True)
    good, found = by_second(whole), by_second(run)
    missing = set(good) - set(found)
    assert len(missing) == 1
    assert {at: value for at, value in good.items() if at not in missing} == found


@pytest.mark.requirement("C07")
def test_a_late_answer_never_answers_the_next_question(tmp_path: Path, whole: Run) -> None:
    """Every fourth answer comes after its deadline: no reading of the chamber is that of another moment."""

    def slow(site: Site) -> None:
        for chunk in range(1, 400, 40):
            break_wire(site, FaultKind.DELAY_REPLY, chunk=chunk, delay=11.0)

    run = run_batch(make_site(tmp_path / "slow"), lambda site: when(site, "freeze", "freezing", lambda: slow(site)))
    good, found = by_second(whole), by_second(run)
    assert len(good) > len(found) > 0.9 * len(good)
    assert found == {at: good[at] for at in found}


@pytest.mark.requirement("C01.3")
@pytest.mark.requirement("C01.3", refuses=True)
@pytest.mark.parametrize(("kind", "true"), [(FaultKind.LOSE_REPLY, "done"), (FaultKind.LOSE_COMMAND, "not done")])
def test_a_start_that_nobody_can_ask_about_waits_for_a_person(tmp_path: Path, kind: FaultKind, true: str) -> None:
    """Doubt is a state: held, decided under signature, and the device has started once."""
    run = run_batch(make_site(tmp_path), broken_start(kind, frames=DEAF), answered((resolve(true), restart())))
    assert (run.state, outcome(run), run.acts["crf-01"]["start"]) == ("closed", GOOD, 1)
    assert [name for name, _ in of_method(run, "start")][:4] == ["call", "doubt", "asked", "resolved"]
    assert "nobody knows whether crf-01.start took effect" in run.alarms()


def test_a_person_who_wrongly_says_not_done_does_not_make_it_start_twice(tmp_path: Path) -> None:
    """The device refuses a second start; after a restart it is asked first, and the run that began goes on."""
    wrong = (resolve("not done"), restart())
    run = run_batch(make_site(tmp_path), broken_start(FaultKind.LOSE_REPLY, frames=DEAF), answered(wrong, (restart(),)))
    assert (run.state, outcome(run), run.acts["crf-01"]["start"]) == ("closed", GOOD, 1)
    assert [name for name, _ in of_method(run, "start")] == [
        "call",
        "doubt",
        "asked",
        "resolved",
        "call",
        "refused",
        "again",
        "reply",
    ]


def test_a_person_who_wrongly_says_done_is_found_out_by_the_first_reading(tmp_path: Path) -> None:
    """Nothing runs in the device: interrupted, QA hold, salvage; the program is not started behind their backs."""
    wrong = (resolve("done"), restart())
    run = run_batch(
        make_site(tmp_path), broken_start(FaultKind.LOSE_COMMAND, frames=DEAF), answered(wrong, (restart(),))
    )
    assert (outcome(run), run.acts["crf-01"]["start"]) == (("salvaged", "", True), 0)
    assert "freezing run interrupted: the programmer stands in reset in segment 0" in run.deviations()


@pytest.mark.requirement("C01.3", refuses=True)
def test_a_restart_before_the_decision_leaves_the_batch_held(tmp_path: Path) -> None:
    """A doubt is decided before anything goes on; who restarts too early is told, and can still decide."""
    decided = (resolve("done"), restart())
    run = run_batch(
        make_site(tmp_path), broken_start(FaultKind.LOSE_REPLY, frames=DEAF), answered((restart(),), decided)
    )
    assert (run.state, outcome(run), run.acts["crf-01"]["start"]) == ("closed", GOOD, 1)
    assert any("a doubt waits for a decision" in message for message in run.alarms())


def test_nobody_is_told_to_take_out_a_product_that_may_be_freezing(tmp_path: Path) -> None:
    """Stopped in doubt about the start: people are asked to look at the freezer first."""
    run = run_batch(make_site(tmp_path), broken_start(FaultKind.LOSE_REPLY, frames=DEAF + 6), answered((stop(),)))
    asked = [str(getattr(getattr(thing, "opening", None), "text", "")) for thing in run.things.values()]
    assert (run.state, run.acts["crf-01"]["start"]) == ("closed", 1)
    assert any("nobody can tell from here whether the program runs" in text for text in asked)
    assert not any("before the start" in text or "had not started" in text for text in asked)


def test_a_step_that_breaks_while_another_one_is_held_goes_on_at_the_restart(tmp_path: Path) -> None:
    """The batch is held already, for a step to come: the freezing step waits too, and is not left behind."""

    def deaf_at_the_end(site: Site) -> None:
        def look(event: Event) -> None:
            if event.kind == "enter" and event.fields["state"] == "ended":
                break_wire(site, FaultKind.LOSE_COMMAND, frames=3)

        site.house.ledger.subscribe(look)

    run = run_batch(
        make_site(tmp_path),
        lambda site: when(site, "freeze", "freezing", lambda: order(site, "hold", step="store"), after=60.0),
        deaf_at_the_end,
        lambda site: when(site, "freeze", "ended", lambda: order(site, "restart"), after=300.0),
    )
    assert (run.state, outcome(run)) == ("closed", GOOD)
    assert "freeze can't go on: crf-01: no complete reply within 2 s (got nothing)" in run.alarms()
