"""What can go wrong at the freezer in a batch: each ends in the right state, with an exception in the record.

Times are s after a state of the freezing step was entered; in this program ice forms after about 22 min.
"""

from pathlib import Path

import pytest

from automation.engine.site import Site
from fakes.faults import FaultKind
from instruments.drivers.eurotherm.wire import registers as r
from tests.support.freezing import (
    NUCLEATED,
    cleared,
    criteria,
    held_by_quality,
    meanwhile,
    outcome,
    power_cut,
    site_with,
)
from tests.support.runs import Hook, Run, make_site, run_batch, when
from tests.support.supervisor import break_wire, restart, when_held

DEVIATES, BROKEN = "alarm word 0x0001", "sensor break"  # the controller's alarm 1 is its deviation alarm
STANDS_STILL = "its segments take"


def on(folder: Path, site: str, *hooks: Hook) -> Run:
    """Run a batch in which a person lets the held batch go on once."""
    return run_batch(make_site(folder, site), *hooks, lambda opened: when_held(opened, (restart(),)))


def said(run: Run, words: str) -> bool:
    """Tell whether a deviation of the batch says this."""
    return any(words in title for title in run.deviations())


@pytest.mark.requirement("F018", "F048", refuses=True)
@pytest.mark.parametrize("site", ["a", "b"])
def test_without_nitrogen_the_run_ends_and_is_not_accepted(tmp_path: Path, site: str) -> None:
    """The device goes on to its end as best it can; the product is stored under QA hold."""
    run = on(tmp_path, site, meanwhile("ln2", after=1200, level=0))
    assert (run.state, run.step("store").state) == ("closed", "stored")
    assert outcome(run) == ("not accepted", "not evaluable", True)
    assert criteria(run)["end temperature"] == "fail"
    assert said(run, "beyond the reject limit <= -80.0 degC")


@pytest.mark.requirement("F031", "C05.1")
def test_a_chamber_that_leaves_its_set_point_calls_people_at_once(tmp_path: Path) -> None:
    """The device's alarm is an alarm and a deviation during the run, not only a verdict at its end."""
    run = on(tmp_path, "a", meanwhile("ln2", after=1200, level=0))
    assert f"freezer: {DEVIATES}" in run.alarms()
    assert said(run, f"freezer alarm during the run: {DEVIATES}")
    assert not cleared(run, f"freezer {DEVIATES}")


@pytest.mark.requirement("F018", "F048", refuses=True)
@pytest.mark.parametrize("site", ["a", "b"])
def test_a_lid_left_open_is_not_accepted(tmp_path: Path, site: str) -> None:
    """The chamber can't get cold; whatever the program says, the sample did not."""
    run = on(tmp_path, site, meanwhile("lid", after=NUCLEATED, open=True))
    assert outcome(run) == ("not accepted", "not evaluable", True)
    assert (run.state, criteria(run)["end temperature"]) == ("closed", "fail")
    assert len(run.deviations()) >= 2


def test_a_lid_closed_in_time_is_an_alarm_that_clears_and_a_run_that_is_judged(tmp_path: Path) -> None:
    """A false alarm and a true fault lead to different states: this one's curve is good, its alarm is over."""
    shut = meanwhile("lid", after=NUCLEATED + 300, open=False)
    run = run_batch(make_site(tmp_path), meanwhile("lid", after=NUCLEATED, open=True), shut)
    assert outcome(run) == ("frozen", "pass", False)
    assert cleared(run, f"freezer {DEVIATES}")
    assert run.deviations() == [f"freezer alarm during the run: {DEVIATES}"]


@pytest.mark.requirement("F018", "C05.1", refuses=True)
def test_a_controller_that_lost_its_sensor_is_an_alarm_and_not_accepted(tmp_path: Path) -> None:
    """Without a sensor the chamber drifts to the room: what surely failed has failed."""
    run = on(tmp_path, "a", meanwhile("sensor", after=NUCLEATED, broken=True))
    assert outcome(run) == ("not accepted", "fail", True)
    assert f"freezer: {BROKEN}" in run.alarms()
    assert not cleared(run, f"freezer {BROKEN}")


def test_a_sensor_that_comes_back_leaves_its_deviation_and_a_curve_that_decides(tmp_path: Path) -> None:
    """A loose plug for a minute: the alarm clears, the sample's own curve is judged and passes."""
    back = meanwhile("sensor", after=NUCLEATED + 60, broken=False)
    run = run_batch(make_site(tmp_path), meanwhile("sensor", after=NUCLEATED, broken=True), back)
    assert outcome(run) == ("frozen", "pass", False)
    assert cleared(run, f"freezer {BROKEN}")
    assert run.deviations() == [f"freezer alarm during the run: {BROKEN}"]


@pytest.mark.requirement("F018", "F048", refuses=True)
@pytest.mark.parametrize("site", ["a", "b"])
@pytest.mark.parametrize("after", [60.0, 1400.0, 2700.0])
def test_a_probe_that_fell_out_is_never_a_pass(tmp_path: Path, site: str, after: float) -> None:
    """Before, near and after nucleation: the curve is that of the chamber, so the run is not evaluable."""
    run = on(tmp_path, site, meanwhile("probe out", after=after, channel="sample"))
    assert outcome(run) == ("not accepted", "not evaluable", True)
    assert criteria(run)["probe in product"] == "not evaluable"
    assert said(run, "probe out")


@pytest.mark.requirement("F018", "F048", refuses=True)
@pytest.mark.parametrize("site", ["a", "b"])
def test_without_nucleation_the_run_fails(tmp_path: Path, site: str) -> None:
    """A sample that stays supercooled has no plateau, and no verdict that says it had one."""
    run = on(tmp_path, site, meanwhile("nucleation", after=5, container="BAG-0001", at=None))
    assert outcome(run) == ("not accepted", "fail", True)
    assert (criteria(run)["nucleation"], criteria(run)["plateau"]) == ("fail", "not evaluable")
    assert said(run, "no nucleation was found on the curve")


@pytest.mark.requirement("F018", "F019", refuses=True)
@pytest.mark.parametrize(
    ("register", "value"),
    [
        (r.block(1, 3) + r.SEG_TARGET, -30.0),
        (r.block(1, 5) + r.SEG_RATE, 3.0),
        (r.block(1, 3) + r.SEG_TYPE, 0),
        (r.block(1) + r.CYCLES, 2),
    ],
)
def test_a_program_changed_at_the_panel_during_the_run_is_not_accepted(
    tmp_path: Path, register: int, value: float
) -> None:
    """However good the curve: what ran is not known to be what was approved."""
    run = on(tmp_path, "a", meanwhile("panel", after=900, register=register, value=value))
    assert outcome(run) == ("not accepted", "pass", True)
    assert run.deviations() == ["the program in the device is no longer the approved one"]


@pytest.mark.requirement("F019", "F048", "C05", "C05.1", refuses=True)
def test_a_program_changed_before_the_start_is_never_started(tmp_path: Path) -> None:
    """What is read back just before the start is not the approved program: held, and nothing moved."""
    panel = meanwhile("panel", after=5, state="ready for product", register=r.block(1, 3) + r.SEG_TARGET, value=-30.0)
    run = run_batch(make_site(tmp_path), panel, until=20_000)
    assert (run.state, run.step("freeze").state) == ("held", "loaded")
    assert run.acts["crf-01"]["start"] == 0
    assert "freeze can't go on: the program read back from the device is not COMP-20 as approved" in run.alarms()


@pytest.mark.requirement("F031", "C05.1")
@pytest.mark.parametrize("site", ["a", "b"])
def test_after_a_power_loss_a_freezer_that_continues_is_judged_and_its_standstill_noted(
    tmp_path: Path, site: str
) -> None:
    """The program goes on by itself; that it stood still is told by its time, also where nobody can ask the device."""
    run = run_batch(site_with(tmp_path, site=site), *power_cut(minutes=2))
    assert outcome(run) == ("frozen", "pass", False)
    assert said(run, STANDS_STILL)
    assert sum(run.acts[name]["start"] for name in run.acts if name.startswith("crf")) == 1


def test_a_cable_out_for_as_long_is_an_alarm_and_no_standstill(tmp_path: Path) -> None:
    """A false alarm leaves another record than the true fault: the program kept its time."""

    def pull(site: Site) -> None:
        when(site, "freeze", "freezing", lambda: break_wire(site, FaultKind.LOSE_COMMAND, frames=18), after=NUCLEATED)

    run = run_batch(make_site(tmp_path), pull)
    assert outcome(run) == ("frozen", "pass", False)
    assert run.deviations() == []
    assert cleared(run, "link crf-01.run")


@pytest.mark.requirement("F031", "C05.1")
@pytest.mark.parametrize("site", ["a", "b"])
def test_after_a_power_loss_a_freezer_that_holds_goes_on_by_a_persons_decision_only(tmp_path: Path, site: str) -> None:
    """Program and sample are read, people choose from the salvage table, and the run ends under QA hold."""
    run = run_batch(site_with(tmp_path, power_fail="hold", site=site), *power_cut(minutes=1))
    step = run.step("freeze")
    assert step.results["decision"] == "go on: let the held program continue"
    assert outcome(run) == ("frozen", "pass", True)
    assert said(run, "freezing run interrupted: the programmer stands in hold")
    assert [acts["go on"] for name, acts in run.acts.items() if name.startswith("crf")] == [1]


@pytest.mark.requirement("F031", "C05.1")
@pytest.mark.parametrize("site", ["a", "b"])
def test_after_a_power_loss_a_freezer_that_resets_leads_to_salvage(tmp_path: Path, site: str) -> None:
    """The program is gone and is not started again; the product goes where its measured state allows."""
    folder = site_with(tmp_path, power_fail="reset", site=site)
    run = run_batch(folder, *power_cut(minutes=2), lambda opened: when_held(opened, (restart(),)))
    assert (run.state, outcome(run)) == ("closed", ("salvaged", "", True))
    assert str(run.step("freeze").results["decision"]).startswith("transfer: to vapour storage now")
    assert said(run, "freezing run interrupted: the programmer stands in reset")
    assert [acts["start"] for name, acts in run.acts.items() if name.startswith("crf")] == [1]


def test_program_and_sample_are_read_before_anybody_decides(tmp_path: Path) -> None:
    """After a power loss the driver reads first: the two reads stand before the question in the record."""
    run = run_batch(site_with(tmp_path, power_fail="hold"), *power_cut(minutes=2))
    stream = [event for event in run.events if event.stream.endswith("step/freeze")]
    entered = next(n for n, event in enumerate(stream) if event.fields.get("state") == "interrupted")
    assert [event.kind for event in stream[entered + 1 : entered + 3]] == ["read", "read"]
    assert [event.fields["method"] for event in stream[entered + 1 : entered + 3]] == ["run", "scan"]


def test_a_freezer_that_never_comes_back_still_leads_to_a_decision(tmp_path: Path) -> None:
    """Nobody answers on the cable: the product is on QA hold and people choose by the sample alone."""
    run = run_batch(make_site(tmp_path), meanwhile("power", after=NUCLEATED, on=False), until=20_000)
    assert run.step("freeze").state == "salvaged"
    assert held_by_quality(run)
    assert said(run, "freezing run interrupted: the program is not over after 100 min")


@pytest.mark.requirement("F031", "C05.1")
def test_a_power_loss_before_the_start_holds_and_goes_on_when_people_say_so(tmp_path: Path) -> None:
    """The product waits; a restart reads the program back again, waits for a cool sample, and starts once."""
    again = (restart(),)
    run = run_batch(
        make_site(tmp_path),
        *power_cut(minutes=5, after=10, state="loaded"),
        lambda site: when_held(site, again, again, again),
    )
    assert outcome(run) == ("frozen", "pass", False)
    assert run.acts["crf-01"]["start"] == 1
    assert "freeze can't go on: crf-01: no complete reply within 2 s (got nothing)" in run.alarms()


@pytest.mark.requirement("C05", "C05.1", refuses=True)
def test_a_strategy_that_the_recipe_does_not_allow_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    """What the controller would do after a power failure is checked beforehand."""
    run = run_batch(site_with(tmp_path, power_fail="ramp back"), until=20_000)
    assert (run.state, run.acts["crf-01"]["set point"]) == ("held", 0)
    assert any("the recipe allows continue, hold, reset" in message for message in run.alarms())
