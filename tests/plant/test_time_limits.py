"""Time limits and clocks: they count whatever the workflow does, warn in time, and an overrun stops nothing."""

import asyncio
from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.gmp.quality.timers import Timer
from tests.support.runs import Run, make_site, resume_batch, run_batch, staff_of, when
from tests.support.scenes import late, order, ordered, stages

LOADING, CLOCK = r"^Put .* into the chamber", "timer/B-001.exposure-before-freezing"
OVER = "exposure before freezing: the time limit was exceeded"


def moves(run: Run, stream: str) -> list[str]:
    """Give the kinds of a stream's events, in order."""
    return [event.kind for event in run.events if event.stream == stream]


def timer(run: Run) -> Timer:
    """Give the exposure clock as it stands."""
    found = run.things[CLOCK]
    assert isinstance(found, Timer)
    return found


@pytest.mark.requirement("F017")
def test_exposure_is_warned_at_seventy_percent_and_met(tmp_path: Path) -> None:
    """42 of 60 min, of which 6 were used before receipt: an alarm that clears when the program starts."""
    run = run_batch(make_site(tmp_path), late(LOADING, 35.0))
    assert moves(run, CLOCK) == ["start", "warn", "meet"]
    found = timer(run)
    assert float(found.due - (found.warn or found.due)) == pytest.approx(18 * 60.0)
    assert run.deviations() == []
    assert run.alarms()[-1] == "exposure before freezing: 18 min left"
    assert (run.step("freeze").results["in_time"], run.state) == (True, "closed")


@pytest.mark.requirement("F019")
@pytest.mark.requirement("F017", refuses=True)
def test_exposure_over_its_limit_is_a_deviation_and_the_batch_goes_on(tmp_path: Path) -> None:
    """Warned, overrun, alarm and deviation; nobody throws the product away by a timer."""
    run = run_batch(make_site(tmp_path), late(LOADING, 60.0))
    assert moves(run, CLOCK) == ["start", "warn", "overrun"]
    assert run.deviations() == [OVER]
    assert "exposure before freezing: the time is over" in run.alarms()
    assert run.step("freeze").results["in_time"] is False
    assert (run.step("freeze").state, run.state) == ("frozen", "closed")


@pytest.mark.requirement("F017")
@pytest.mark.parametrize(("command", "back"), [("hold", "restart"), ("pause", "unpause")])
def test_exposure_counts_on_while_the_batch_is_held_or_paused(tmp_path: Path, command: str, back: str) -> None:
    """Three quarters of an hour before the start are not given back."""
    run = run_batch(make_site(tmp_path), ordered("freeze", "ready for product", command, back, later=3000.0))
    assert moves(run, CLOCK) == ["start", "warn", "overrun"]
    assert run.deviations() == [OVER]
    assert (run.step("freeze").state, run.state) == ("frozen", "closed")


@pytest.mark.requirement("F017")
def test_exposure_counts_on_while_the_program_is_down(tmp_path: Path) -> None:
    """After an hour without the program the clock is judged late, at once, and the batch goes on."""
    folder = make_site(tmp_path)
    left = run_batch(folder, until=400.0)
    assert (left.error, timer(left).state) == ("not over", "running")
    run = resume_batch(folder, down=3600.0)  # type: ignore[arg-type]  # s
    assert moves(run, CLOCK)[0] == "start"
    assert moves(run, CLOCK)[-1] == "overrun"
    assert run.deviations() == [OVER]
    assert (run.step("freeze").state, run.state) == ("frozen", "closed")


@pytest.mark.requirement("F019")
def test_a_limit_between_two_steps_is_warned_and_overrun(tmp_path: Path) -> None:
    """From the accepted run to the store within half an hour, warned at 70 %; quality decides about the lot."""
    run = run_batch(
        make_site(tmp_path),
        late(r"^Scan the label of BAG-0001 at the freezer$", 0.5),
        late(r"^Take .* out and transfer", 40.0),
    )
    assert moves(run, "timer/B-001.transfer-to-storage") == ["start", "warn", "overrun"]
    assert "transfer to storage: the time limit was exceeded" in run.deviations()
    assert (run.step("store").state, run.state) == ("stored", "closed")


@pytest.mark.requirement("F126")
def test_an_operator_who_walks_away_is_an_alarm_and_the_product_keeps_its_clock(tmp_path: Path) -> None:
    """Nobody answers for half an hour: overdue, then everything goes on; exposure has kept counting."""

    def hook(site: Site) -> None:
        def away() -> None:
            staff_of(site).leave()
            asyncio.get_running_loop().call_later(2400.0, staff_of(site).come_back)

        when(site, "freeze", "ready for product", away)

    run = run_batch(make_site(tmp_path), hook)
    overdue = "nobody has answered: Scan the label of BAG-0001 at the freezer"
    assert run.alarms() == [overdue, "exposure before freezing: 18 min left"]
    alarms = {str(getattr(t, "state", "")) for name, t in run.things.items() if name.startswith("alarm/")}
    assert alarms == {"returned"}
    assert (moves(run, CLOCK), run.state) == (["start", "warn", "meet"], "closed")


@pytest.mark.requirement("F004")
def test_a_question_that_is_overdue_can_be_left_by_a_stop(tmp_path: Path) -> None:
    """The question is taken back and its alarm clears; nobody has to answer it first."""

    def hook(site: Site) -> None:
        when(site, "receive", "arrived", staff_of(site).leave)
        when(site, "receive", "arrived", lambda: order(site, "stop"), after=1200.0)
        when(site, "receive", "arrived", staff_of(site).come_back, after=1300.0)

    run = run_batch(make_site(tmp_path), hook)
    assert run.alarms() == ["nobody has answered: Scan the donation number (DIN) on BAG-0001"]
    assert run.things["prompt/B-001.receive.1.1"].state == "withdrawn"
    assert stages(run, "receive") == ["running", "stopping", "stopped"]
