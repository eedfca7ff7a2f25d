"""What a device says of itself at connect, and one that says nothing: neither lets an act begin on it."""

import asyncio
from pathlib import Path

import pytest

from automation.bootstrap import open_site
from automation.engine.connections import AGAIN, FIRST_TRIES, Connection, Connections, Identity
from automation.engine.site import Site
from automation.gmp.plant.assets import Asset
from automation.kernel.errors import LinkError
from tests.plant.test_live_refusals import live_site
from tests.support.doors import Doorway, doorway
from tests.support.runs import Run, make_site, run_batch
from tests.support.scenes import change_site

SILENT = """\
site: {name: Suite 9, mode: live, zone: UTC}
assets:
  crf-01: {class: controlled rate freezer, driver: eurotherm_modbus, port: "tcp:127.0.0.1:1", serial: S-1}
"""


@pytest.mark.requirement("F151")
@pytest.mark.parametrize(
    ("registered", "says"),
    [("firmware: 9-9-9", "says firmware '13-2-2'; registered is '9-9-9'"), ("serial: MY-0", "says serial")],
)
def test_a_simulated_batch_waits_for_the_device_that_is_registered(tmp_path: Path, registered: str, says: str) -> None:
    """The logger at the end of the cable is another one: its step does not begin, and nothing is frozen."""
    old = '    needs_cleaning: false\n    qualification: {due: "2027-06-30", certificate: PQ-LOG-01}'
    folder = change_site(make_site(tmp_path), (old, f"    {registered}\n{old}"))
    run: Run = run_batch(folder, until=9000.0)
    assert (run.state, run.step("freeze").stage, run.acts["crf-01"]["start"]) == ("held", "idle", 0)
    assert any(f"asset logger-01 {says}" in message for message in run.alarms())


@pytest.mark.requirement("F151")
def test_a_live_site_opens_while_a_device_is_silent(tmp_path: Path) -> None:
    """It is not ready, and an alarm says so; people can do everything else."""

    async def main() -> tuple[list[str], str]:
        site: Site = await open_site(live_site(tmp_path, SILENT))
        asset = site.house.door.find("asset", "crf-01")
        assert isinstance(asset, Asset)
        missing = [text for text in asset.ready(site.house.clock.now()) if "answer" in text]
        state = str(site.house.door.find("alarm", "crf-01-connection").state)
        await site.leave()
        return missing, state

    missing, state = asyncio.run(main())
    assert (len(missing), state) == (1, "unacknowledged")
    assert missing[0].startswith("asset crf-01 does not answer: 127.0.0.1:1 can't be reached")


class Sleeper:
    """A device that is without power for some questions."""

    def __init__(self, silent: int) -> None:
        """Stay silent so many times."""
        self.silent = silent
        self.maker, self.model, self.serial, self.firmware, self.configuration = "ACME", "", "S-1", "", ""

    async def identify(self) -> Identity:
        """Answer, or not."""
        self.silent -= 1
        if self.silent >= 0:
            msg = "freezer-1: no complete reply"
            raise LinkError(msg)
        return self


@pytest.mark.requirement("F151")
def test_a_silent_device_is_asked_again_until_it_answers(tmp_path: Path) -> None:
    """It is told once that it is lost, however often it is asked, and once that it is back."""

    async def work(way: Doorway) -> float:
        begun = way.clock.now()
        connections = Connections(way.door, way.clock)
        await connections.make(Connection("freezer-1", None, Sleeper(FIRST_TRIES + 2)))
        connections.start()
        await asyncio.sleep(0)  # a clock that is set by hand waits for nobody
        await connections.close()
        return float(way.clock.now() - begun)

    with doorway(tmp_path) as way:
        way.do("asset/freezer-1", "register", {"asset_class": "freezer", "serial": "S-1"})
        way.do("asset/freezer-1", "identify", {"serial": "S-1"})
        assert asyncio.run(work(way)) == pytest.approx(3 * float(AGAIN))
        assert [e.kind for e in way.ledger.stream("asset/freezer-1")] == ["register", "identify", "lose", "identify"]
        assert [e.kind for e in way.ledger.stream("alarm/freezer-1-connection")] == ["raise", "clear"]
