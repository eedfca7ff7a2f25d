"""The Vi-CELL BLU's driver through asyncua on a real server with the maker's structures, and in memory; cells/mL, %."""

import asyncio
from collections.abc import Iterator

import pytest

from automation.kernel.clock import SystemClock
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds
from instruments.drivers.vicell_blu_opcua import wire
from instruments.drivers.vicell_blu_opcua.driver import ViCellBluOpcUa, build
from instruments.interfaces.counter import CountReport
from instruments.interfaces.device import Identity
from instruments.transport import Link
from instruments.transport.opcua import OpcUaStream
from instruments.transport.ports import open_stream
from tests.support.counter_server import OPERATOR, Counter, counter_served

pytestmark = pytest.mark.requirement("F029", "F163", "C06")

Served = tuple[asyncio.Runner, Counter, str]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Keep one server for all tests."""
    with asyncio.Runner() as runner:
        serving = counter_served()
        counter, port = runner.run(serving.__aenter__())
        try:
            yield runner, counter, port
        finally:
            runner.run(serving.__aexit__(None, None, None))


def counts(counter: Counter, sample: str, *, done: float) -> None:
    """Let a person count a sample whose result is there since ``done`` s ago."""
    at = SystemClock().now() - Seconds(done + 10.0)
    counter.fake.hand("count", {"sample": sample, "after": 10.0}, at)


async def connected(port: str) -> tuple[ViCellBluOpcUa, Link]:
    """Open the driver."""
    stream = open_stream(port)
    link = Link(stream, name="counter")
    driver = build(link, {"zone": "UTC"}, control=True)
    assert isinstance(stream, OpcUaStream)
    stream.access = OPERATOR
    await link.open()
    return driver, link


def asked(served: Served, sample: str) -> tuple[CountReport, Identity]:
    """Ask for the results of a sample over OPC UA."""

    async def work() -> tuple[CountReport, Identity]:
        driver, link = await connected(served[2])
        try:
            return await driver.result(sample=sample), await driver.identify()
        finally:
            await link.close()

    return served[0].run(work())


def test_a_result_comes_through_opc_ua_as_the_fake_has_it(served: Served) -> None:
    """Structures, enumerations, times and a list of structures; the lock is given back."""
    counts(served[1], "S-1", done=60.0)
    report, who = asked(served, "S-1")
    [one], [truth] = report.results, served[1].fake.analyses.told(SystemClock().now())
    assert (one.cells_counted, one.viable_counted) == (truth.cell_count, truth.viable_cells)
    assert float(one.total or 0.0) == truth.total_cells_per_milliliter
    assert float(one.viable or 0.0) == truth.viable_cells_per_milliliter
    assert [one.viability, one.analysed_at] == [truth.viability_percent, truth.analysis_date_time]
    assert who == Identity("Beckman Coulter", "Vi-CELL BLU", "SIM-BLU-01", "1.4.4.1, firmware 1.0")
    assert served[1].fake.values(SystemClock().now())[wire.LOCK] == wire.UNLOCKED


def test_an_instrument_that_counts_is_left_alone(served: Served) -> None:
    """Its state is told by the server's own words."""
    served[1].fake.hand("count", {"sample": "S-2", "after": 600.0}, SystemClock().now())
    assert asked(served, "S-2")[0].unread == ("counter is Running; it tells results while it is Idle or Stopped",)
    served[1].fake.hand("power", {"on": True}, SystemClock().now())


@pytest.mark.requirement("F029", refuses=True)
def test_a_lock_of_another_is_left_alone(served: Served) -> None:
    """Refused in the words of the instrument; the other keeps it."""
    served[1].fake.hand("lock", {}, SystemClock().now())
    with pytest.raises(RefusedError, match="does not own the automation lock"):
        asked(served, "S-1")
    assert served[1].fake.values(SystemClock().now())[wire.LOCK] == wire.LOCKED
    served[1].fake.hand("unlock", {}, SystemClock().now())
