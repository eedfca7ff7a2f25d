"""The same code runs live: real time, durable commits, devices and program in processes of their own.

Two batches of an engineering lot on one site. During the first the program is stopped for a moment, during the second
it is killed; the devices live on. Nothing of it is accepted, as an empty chamber has no freezing curve.
Units: s of real time.
"""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from automation.engine.journal import Called
from automation.engine.past import Past, past
from automation.engine.site import Site
from automation.gmp.plant.assets import Asset
from automation.gmp.quality.timers import Timer
from automation.kernel.clock import MICRO
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Celsius
from automation.ledger.event import Event
from automation.ledger.read import Reader
from automation.views.objects import Objects
from instruments.interfaces.freezer import ControlledRateFreezer
from tests.support.commands import cellwright
from tests.support.live import Bench, Served, at_site, events, found, furnish, program, served

EXPOSURE = "exposure before freezing"


@dataclass(frozen=True, slots=True)
class Suite:
    """A live site that is furnished, its devices, and what was refused before a person permitted it."""

    folder: Path
    freezer: Served
    refused: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that has ended: what is in the record, and what another process was told meanwhile."""

    id: str
    events: list[Event]
    status: int
    refused: str = ""
    resumed_at: int = 0  # the last event of the first process

    def step(self, name: str) -> Past:
        """Give the fold of a step."""
        return past("", [event for event in self.events if event.stream == f"batch/{self.id}/step/{name}"])

    def ends(self) -> dict[str, tuple[str, str]]:
        """Give the state in which each step ended, and what was around it."""
        return {name: (self.step(name).state, str(self.step(name).stage)) for name in ("receive", "freeze")}

    def calls(self) -> list[str]:
        """Give the acts of the freezing step, each attempt of each."""
        stream = f"batch/{self.id}/step/freeze"
        return [e.read(Called).method for e in self.events if e.stream == stream and e.kind == "call"]


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """Found and furnish a live site; its freezer is commanded before and after quality has permitted that."""
    folder = tmp_path_factory.mktemp("live")

    async def job(site: Site) -> str:
        refused = await _stand_by(site)
        await furnish(site)
        return f"{refused}; then: {await _stand_by(site)}"

    with (
        served("eurotherm_freezer", folder / "freezer.log") as freezer,
        served("keysight_34970a", folder / "logger.log") as logger,
    ):
        yield Suite(founded := found(folder / "site", freezer.port, logger.port), freezer, at_site(founded, job))


async def _stand_by(site: Site) -> str:
    driver = site.house.devices["crf-01"].driver
    try:
        await cast("ControlledRateFreezer", driver).stand_by(target=Celsius(20.0))
    except RefusedError as refusal:
        return str(refusal)
    return "done"


def run(suite: Suite, batch: str, container: str) -> tuple[str, ...]:
    """Give the words of the command that runs a batch."""
    return ("run", str(suite.folder / "short.yaml"), "--batch", batch, "--container", container, "--as", "carla")


@pytest.fixture(scope="module")
def stopped(suite: Suite) -> Batch:
    """Run the first batch; while its owner is stopped by the system, somebody else tries to open the site."""
    bench = Bench(suite.folder, "L-1")
    with program(suite.folder, *run(suite, "L-1", "BAG-1")) as owner:
        bench.until(lambda seen: any(event.stream == "prompt/L-1.receive.1.1" for event in seen))
        os.kill(owner.pid, signal.SIGSTOP)
        other = cellwright("resume", "L-1", "--site", suite.folder)
        os.kill(owner.pid, signal.SIGCONT)
        bench.until(lambda _: owner.poll() is not None)
        return Batch("L-1", events(suite.folder), owner.returncode, f"{other.status}: {other.err}")


@pytest.fixture(scope="module")
def killed(suite: Suite, stopped: Batch) -> Batch:
    """Run the second batch, kill the program while the device freezes, and go on with it in a new process."""
    assert stopped.status == 0
    bench = Bench(suite.folder, "L-2")
    with program(suite.folder, *run(suite, "L-2", "BAG-2")) as first:
        seen = bench.until(lambda seen: _freezes(seen, "L-2"))
        first.kill()
    last = events(suite.folder)[-1].seq
    assert (first.returncode, last >= seen[-1].seq) == (-signal.SIGKILL, True)
    with program(suite.folder, "resume", "L-2") as second:
        bench.until(lambda _: second.poll() is not None)
        return Batch("L-2", events(suite.folder), second.returncode, resumed_at=last)


def _freezes(seen: list[Event], batch: str) -> bool:
    entered = (e for e in seen if e.stream == f"batch/{batch}/step/freeze" and e.kind == "enter")
    return any(event.fields["state"] == "freezing" for event in entered)


@pytest.mark.requirement("C06")
def test_a_driver_below_l3_is_given_control_when_quality_has_permitted_it(suite: Suite) -> None:
    """Before that it only looks, whatever anybody asks of it."""
    assert suite.refused == "crf-01: stand_by needs control; this driver was given none; then: done"


@pytest.mark.requirement("F005", "C01.1")
def test_a_batch_runs_live_from_the_first_scan_to_its_closing(suite: Suite, stopped: Batch) -> None:
    """People decide about the run that is not accepted; nothing in the record is simulated."""
    assert stopped.status == 0
    assert stopped.ends() == {"receive": ("accepted", "complete"), "freeze": ("not accepted", "complete")}
    assert [e.kind for e in stopped.events if e.stream == "batch/L-1"][-4:] == ["restart", "done", "complete", "close"]
    with Reader(suite.folder) as reader:
        assert (reader.genesis.mode, Objects(reader).simulated) == ("live", False)


@pytest.mark.requirement("C01.2", refuses=True)
def test_nobody_opens_the_site_of_an_owner_that_is_only_stopped(stopped: Batch) -> None:
    """A process that the system has stopped still owns it; it goes on as if nothing had been."""
    assert stopped.refused.startswith("1: cellwright: ")
    assert "the site is owned by process" in stopped.refused


@pytest.mark.requirement("C01.2")
def test_killed_while_the_device_freezes_the_batch_ends_as_it_would_have(stopped: Batch, killed: Batch) -> None:
    """The same ends, the same acts in the same order, none of them twice."""
    assert (killed.status, killed.ends(), killed.calls()) == (0, stopped.ends(), stopped.calls())
    again = [event.kind for event in killed.events if event.seq > killed.resumed_at]
    assert "call" not in again
    assert {"anchored", "seen", "close"} <= set(again)


@pytest.mark.requirement("C01.2")
def test_the_device_counts_one_start_for_each_batch(suite: Suite, killed: Batch) -> None:
    """Its own log is asked, not the ledger."""
    assert (killed.status, suite.freezer.starts()) == (0, 2)


@pytest.mark.requirement("C01.2")
def test_time_limits_go_on_counting_while_the_program_is_away(suite: Suite, killed: Batch) -> None:
    """The limit that ran through the kill ends when its end came, counted from its start; exposure ended before."""
    with Reader(suite.folder) as reader:
        timers = {t.what: t for t in Objects(reader).every("timer") if isinstance(t, Timer) and t.batch == "L-2"}
    through = timers["out of the cooler"]
    moves = {e.fields["command"]: e.at for e in killed.events if e.kind == "move" and e.stream.startswith("batch/L-2")}
    assert [timer.state for timer in timers.values()] == ["met", "met"]
    assert float(through.due) == pytest.approx(moves["accept"] / MICRO + 3600.0, abs=1.0)
    assert timers[EXPOSURE].state == "met"


@pytest.mark.requirement("F106.2")
def test_the_record_of_a_killed_program_verifies(suite: Suite, killed: Batch) -> None:
    """Every event is there, signed to the end."""
    said = cellwright("verify", suite.folder, "--json")
    assert (said.status, said.data["intact"]) == (0, True)
    assert int(str(said.data["events"])) >= killed.events[-1].seq


@pytest.mark.requirement("F151", refuses=True)
def test_another_device_at_the_end_of_the_cable_is_not_ready(suite: Suite, killed: Batch) -> None:
    """Somebody has changed the logger: the plate shows another serial number than the register."""
    file = suite.folder / "site.yaml"
    file.write_text(file.read_text().replace("plate_serial: MY-34970", "plate_serial: MY-1"), encoding="utf-8")

    async def job(site: Site) -> tuple[str, ...]:
        asset = site.house.door.find("asset", "logger-01")
        assert isinstance(asset, Asset)
        return asset.ready(site.house.clock.now())

    assert killed.status == 0
    assert at_site(suite.folder, job) == ("asset logger-01 says serial 'MY-1'; registered is 'MY-34970'",)
