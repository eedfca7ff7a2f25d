"""Only the ready: equipment and lots are looked at before an act begins, and never at the product's cost."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from automation.engine.site import Site
from automation.gmp.objects import Thing
from automation.ledger.event import Event
from tests.support.runs import BATCH, Hook, make_site, run_batch, when
from tests.support.scenes import (
    CASSETTE,
    answer,
    calibrated,
    change_site,
    enter,
    insist,
    marked,
    order,
    ordered,
    orders,
    refused,
    stages,
)
from tests.support.supervisor import hand

ENGINEER = ("  dora: {name", "  emil: {name: Emil Hart, roles: [engineer]}\n  dora: {name")
Act = tuple[str, str, dict[str, object], str, dict[str, str]]


def on_hold(*acts: Act) -> Hook:
    """When the batch comes to be held, let people do these things at the door, then restart it."""

    def hook(site: Site) -> None:
        left = list(acts)

        def do() -> None:
            while left:
                stream, command, body, by, signed = left.pop(0)
                insist(enter(site, stream, command, body, by=by, **signed))
            insist(order(site, "restart"))

        def follow(event: Event, thing: Thing) -> None:
            if event.stream == f"batch/{BATCH}" and event.kind == "done" and thing.state == "held":
                asyncio.get_running_loop().call_later(60.0, do)

        site.house.door.follow(follow)

    return hook


@pytest.mark.requirement("F166")
def test_a_calibration_that_lapses_while_product_is_inside_stops_nothing(tmp_path: Path) -> None:
    """Alarm and deviation at the time; the run goes on to its end and is judged."""
    run = run_batch(make_site(tmp_path), calibrated("2026-01-05T08:30:00+01:00"))
    lapsed = "asset crf-01 is out of calibration since 2026-01-05T07:30:00.000+00:00"
    assert run.deviations() == [f"gate lapsed during the run: {lapsed}"]
    assert run.alarms() == [lapsed]
    assert (run.state, run.step("freeze").state, stages(run, "freeze")) == ("closed", "frozen", ["running", "complete"])


@pytest.mark.requirement("F166")
@pytest.mark.requirement("F166", refuses=True)
def test_the_next_act_after_a_lapse_needs_a_signed_continuation(tmp_path: Path) -> None:
    """The start is refused, the step holds; two people sign that it goes on with this freezer, and it does."""
    body: dict[str, object] = {"step": "freeze", "asset": "crf-01", "reason": "the product must not wait"}
    signed = {"responsible": "carla", "approved": "dora"}
    run = run_batch(
        make_site(tmp_path),
        calibrated("2026-01-05T08:11:00+01:00"),
        on_hold(("batch/B-001", "continue", body, "carla", signed)),
    )
    assert "refused" in run.kinds("freeze")
    assert orders(run)[2:-2] == ["hold", "done", "continue", "restart", "done"]
    [hold] = [event for event in run.events if (event.stream, event.kind) == (f"batch/{BATCH}", "hold")]
    assert cast("dict[str, str]", hold.fields["given"])["reason"].startswith("freeze can't go on: ")
    assert (run.state, run.step("freeze").state) == ("closed", "frozen")
    assert run.acts["crf-01"]["start"] == 1
    assert len(run.deviations()) == 1


@pytest.mark.requirement("F047.2", "F166", refuses=True)
def test_one_signature_is_not_enough_for_a_continuation(tmp_path: Path) -> None:
    """Responsible and approved are two persons; without the second the batch stays held."""
    body: dict[str, object] = {"step": "freeze", "asset": "crf-01", "reason": "the product must not wait"}
    told: list[str] = []

    def hook(site: Site) -> None:
        def alone() -> None:
            told.append(enter(site, "batch/B-001", "continue", body, by="carla", responsible="carla", approved="carla"))

        when(site, "freeze", "loaded", alone, after=600.0)

    run = run_batch(make_site(tmp_path), calibrated("2026-01-05T08:11:00+01:00"), hook, until=5000.0)
    assert len(told) == 1
    assert told[0].startswith("carla signed already")
    assert (run.state, run.acts["crf-01"]["start"]) == ("held", 0)


@pytest.mark.requirement("F166")
@pytest.mark.requirement("F166", refuses=True)
def test_equipment_out_of_calibration_is_made_ready_before_its_step_begins(tmp_path: Path) -> None:
    """Held with an alarm before anything is done; calibrated by the engineer; restarted, it goes on."""
    folder = change_site(make_site(tmp_path), ENGINEER)
    body: dict[str, object] = {"due": "2026-12-31", "certificate": "CAL-CRF-02"}
    run = run_batch(folder, calibrated("2026-01-04"), on_hold(("asset/crf-01", "calibrate", body, "emil", {})))
    assert run.alarms() == ["asset crf-01 is out of calibration since 2026-01-04T23:00:00.000+00:00"]
    assert stages(run, "freeze") == ["running", "complete"]
    assert getattr(run.things["asset/crf-01"], "calibration", "") == "CAL-CRF-02"
    assert (run.state, orders(run)[2:6]) == ("closed", ["hold", "done", "restart", "done"])


@pytest.mark.requirement("F151", refuses=True)
def test_equipment_of_another_batch_is_waited_for(tmp_path: Path) -> None:
    """The step begins when the other gives the freezer free, and people see why it waits."""
    run = run_batch(make_site(tmp_path), taken("crf-01", for_s=7200.0))
    [begun] = [e for e in run.events if e.stream == f"batch/{BATCH}/step/freeze" and e.kind == "procedural"][:1]
    [free] = [e for e in run.events if e.stream == "asset/crf-01" and e.kind == "free"][:1]
    assert begun.at >= free.at
    assert "freeze waits for equipment in use" in run.alarms()
    assert (run.state, "hold" in orders(run)) == ("closed", False)


@pytest.mark.requirement("F005")
@pytest.mark.parametrize("command", ["stop", "abort"])
def test_a_batch_that_waits_for_equipment_can_be_ended(tmp_path: Path, command: str) -> None:
    """It does not have to come to the equipment's turn first, and it leaves it to the other."""
    run = run_batch(make_site(tmp_path), taken("crf-01", for_s=90_000.0), ordered("count", "read", command, after=3600))
    assert orders(run)[2:] == [command, "done", "close"]
    assert marked(run, "asset/", "claim") == ["asset/crf-01"]
    assert getattr(run.things["container/BAG-0001"], "on_hold", False)


def taken(asset: str, *, for_s: float) -> Hook:
    """Let another batch have an asset for a while."""

    def hook(site: Site) -> None:
        claim: dict[str, object] = {"batch": "B-900", "step": "freeze"}
        insist(enter(site, f"asset/{asset}", "claim", claim, by="system:runner"))
        free = ("free", {"reason": "B-900 has no more need of it"})
        asyncio.get_running_loop().call_later(
            for_s, lambda: insist(enter(site, f"asset/{asset}", *free, by="system:runner"))
        )

    return hook


@pytest.mark.requirement("F083", refuses=True)
def test_used_equipment_stays_claimed_until_somebody_has_cleaned_it(tmp_path: Path) -> None:
    """Used, cleaned, given free, in this order; nobody else can take it in between."""
    refusals: list[str] = []

    def hook(site: Site) -> None:
        claim: dict[str, object] = {"batch": "B-900", "step": "freeze"}
        when(
            site,
            "store",
            "moved",
            lambda: refusals.append(enter(site, "asset/crf-01", "claim", claim, by="system:runner")),
        )

    run = run_batch(make_site(tmp_path), hook)
    moves = [event.kind for event in run.events if event.stream == "asset/crf-01"]
    assert moves[-4:] == ["claim", "use", "clean", "free"]
    assert refusals == [f"asset crf-01 is claimed by batch {BATCH}, step freeze"]
    assert refused(run, "asset/crf-01") == refusals


@pytest.mark.requirement("F096")
@pytest.mark.requirement("F097")
def test_the_lot_that_expires_first_is_used_and_counted_down(tmp_path: Path) -> None:
    """One cassette of the older lot goes into the freezing step; the younger is not touched."""
    older = CASSETTE.replace("CASS-2201", "CASS-2100").replace("2028-12-31", "2026-03-31")
    run = run_batch(change_site(make_site(tmp_path), (CASSETTE, f"{CASSETTE}\n  {older}")))
    left = {name: getattr(run.things[f"lot/{name}"], "left", None) for name in ("CASS-2100", "CASS-2201", "OVER-1177")}
    assert left == {"CASS-2100": 49.0, "CASS-2201": 50.0, "OVER-1177": 49.0}
    assert run.state == "closed"


@pytest.mark.requirement("F096", "F099")
@pytest.mark.requirement("F096", "F099", refuses=True)
def test_a_lot_that_is_not_released_holds_the_step_until_it_is(tmp_path: Path) -> None:
    """Nothing is done with the product before; the release is signed by quality."""
    folder = change_site(make_site(tmp_path), (CASSETTE, CASSETTE.replace("}", ", released: false}")))
    run = run_batch(folder, on_hold(("lot/CASS-2201", "release", {}, "dora", {"approved": "dora"})))
    assert run.alarms() == ["lot CASS-2201 is quarantine, not released"]
    assert orders(run)[2:6] == ["hold", "done", "restart", "done"]
    assert (run.state, getattr(run.things["lot/CASS-2201"], "left", 0)) == ("closed", 49.0)


@pytest.mark.requirement("F062", "F097", refuses=True)
def test_a_lot_that_expires_before_its_step_is_not_used(tmp_path: Path) -> None:
    """Midnight passes between receipt and freezing; the batch is held, and stopped by the supervisor."""
    changes = (CASSETTE, CASSETTE.replace("2028-12-31", "2026-01-04")), ("2026-01-05T08:00:00", "2026-01-04T23:52:00")
    run = run_batch(change_site(make_site(tmp_path), *changes), ordered("count", "drawn", "stop", after=3600.0))
    assert "lot CASS-2201 expired: it was usable until the end of 2026-01-04" in run.alarms()
    assert getattr(run.things["lot/CASS-2201"], "left", 0) == 50.0
    assert orders(run)[2:] == ["hold", "done", "stop", "done", "close"]


@pytest.mark.requirement("F095", refuses=True)
def test_a_lot_with_too_little_left_is_not_used(tmp_path: Path) -> None:
    """Half a cassette freezes no bag."""
    folder = change_site(make_site(tmp_path), (CASSETTE, CASSETTE.replace("50 pcs", "0.5 pcs")))
    run = run_batch(folder, ordered("count", "drawn", "stop", after=3600.0))
    assert "lot CASS-2201 has 0.5 pcs left; 1 pcs are needed" in run.alarms()
    assert stages(run, "freeze") in ([], ["stopping", "stopped"])


@pytest.mark.requirement("F048", refuses=True)
def test_a_probe_that_hangs_elsewhere_starts_no_program(tmp_path: Path) -> None:
    """What is far colder than fresh product is not in it: no start, an alarm, and the step is held."""

    def hook(site: Site) -> None:
        when(site, "freeze", "ready for product", lambda: hand(site, "probe", channel="sample", to="storage"))

    run = run_batch(make_site(tmp_path), hook, answer(r"^Put .* into the chamber"), until=3600.0)
    assert any("the sample was not between -5 and 6 degC in time" in alarm for alarm in run.alarms())
    assert (run.state, run.acts["crf-01"]["start"]) == ("held", 0)


@pytest.mark.requirement("F151")
def test_a_claim_that_was_broken_is_not_given_back_twice(tmp_path: Path) -> None:
    """The supervisor takes the freezer away while its cleaning is asked for: cleaned, recorded, and closed."""

    def hook(site: Site) -> None:
        def follow(event: Event, _thing: Thing) -> None:
            if event.stream == f"prompt/{BATCH}.clean.crf-01" and event.kind == "open":
                body = {"reason": "needed elsewhere"}
                take = (site, "asset/crf-01", "break_claim", body)
                asyncio.get_running_loop().call_soon(lambda: insist(enter(*take, by="carla", responsible="carla")))

        site.house.door.follow(follow)

    run = run_batch(make_site(tmp_path), hook)
    moves = [event.kind for event in run.events if event.stream == "asset/crf-01"]
    assert moves[-4:] == ["claim", "use", "break_claim", "clean"]
    assert (run.state, refused(run, "asset/crf-01")) == ("closed", [])
