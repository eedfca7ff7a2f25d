"""The scanner's driver over the fake in simulated time; units s."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Seconds
from fakes.faults import Faults
from fakes.plant import Plant, PlantLog
from fakes.serial_scanner import FakeSerialScanner
from instruments.drivers.serial_scanner.driver import FACTORY, SerialScanner
from instruments.interfaces.scanner import BadScan, Scan
from instruments.transport import Link

START = Instant(1_780_000_000.0)
DIN = "=A99992112345600"
SOON = Seconds(2.0)  # s

pytestmark = pytest.mark.requirement("C06", "F020")


def at_bench(script: Callable[[SerialScanner, Plant], Awaitable[None]]) -> None:
    """Run a script with a scanner on the bench."""

    async def main(clock: SimulatedClock) -> None:
        plant = Plant(clock, PlantLog(None), Faults())
        plant.add("scanner", FakeSerialScanner())
        link = Link(plant.connect("scanner"), name="scanner")
        await link.open()
        await script(SerialScanner(link), plant)

    run_simulated(main, start=START)


def test_a_scan_arrives_with_its_symbology_and_its_device() -> None:
    """The person pulls the trigger; nobody asked."""

    async def script(scanner: SerialScanner, plant: Plant) -> None:
        plant.hand("scanner", "scan", text=DIN, symbology="]C0")
        assert await scanner.next_scan(within=SOON) == Scan(DIN, "]C0", "scanner")

    at_bench(script)


def test_nothing_scanned_is_told_after_the_time() -> None:
    """Waiting ends."""

    async def script(scanner: SerialScanner, _plant: Plant) -> None:
        assert await scanner.next_scan(within=SOON) is None

    at_bench(script)


def test_a_read_in_pieces_is_one_read() -> None:
    """Bytes come as the line carries them."""

    async def script(scanner: SerialScanner, plant: Plant) -> None:
        plant.hand("scanner", "scan", text=DIN, pieces=5)
        assert await scanner.next_scan(within=SOON) == Scan(DIN, "", "scanner")

    at_bench(script)


def test_a_read_whose_end_is_lost_never_joins_the_next_one() -> None:
    """Half an identifier and a whole one are not a third one."""

    async def script(scanner: SerialScanner, plant: Plant) -> None:
        plant.hand("scanner", "scan", text=DIN, cut=7)
        bad = await scanner.next_scan(within=SOON)
        assert isinstance(bad, BadScan)
        assert "only a part" in bad.hint
        plant.hand("scanner", "scan", text=DIN)
        assert await scanner.next_scan(within=SOON) == Scan(DIN, "", "scanner")

    at_bench(script)


def test_the_same_read_within_half_a_second_is_one_read() -> None:
    """A held trigger reads the label again and again."""

    async def script(scanner: SerialScanner, plant: Plant) -> None:
        plant.hand("scanner", "scan", text=DIN, times=4)
        assert await scanner.next_scan(within=SOON) == Scan(DIN, "", "scanner")
        assert await scanner.next_scan(within=SOON) is None
        assert scanner.doubles == 3
        plant.hand("scanner", "scan", text=DIN)
        assert await scanner.next_scan(within=SOON) == Scan(DIN, "", "scanner")

    at_bench(script)


def test_a_foreign_layout_is_refused_with_its_bytes_and_a_hint() -> None:
    """Nothing is guessed."""

    async def script(scanner: SerialScanner, plant: Plant) -> None:
        plant.hand("scanner", "scan", text=DIN, layout="German")
        bad = await scanner.next_scan(within=SOON)
        assert isinstance(bad, BadScan)
        assert bad.raw == b"\xc2\xb4A99992112345600"
        assert "German" in bad.hint

    at_bench(script)


def test_who_listens_is_called_and_can_stop() -> None:
    """Prompts subscribe for as long as they wait."""

    async def script(scanner: SerialScanner, plant: Plant) -> None:
        heard: list[Scan | BadScan] = []
        stop = scanner.on_scan(heard.append, heard.append)
        listening = asyncio.create_task(scanner.listen())
        plant.hand("scanner", "scan", text=DIN)
        plant.hand("scanner", "scan", text=DIN, layout="Swiss")
        await asyncio.wait([listening], timeout=1)
        stop()
        plant.hand("scanner", "scan", text="LOT-1")
        await asyncio.wait([listening], timeout=1)
        listening.cancel()
        assert [type(read) for read in heard] == [Scan, BadScan]

    at_bench(script)


def test_a_flood_of_reads_is_bounded_and_counted() -> None:
    """The newest thousand wait; what gave way is told."""

    async def script(scanner: SerialScanner, plant: Plant) -> None:
        for number in range(1010):
            plant.hand("scanner", "scan", text=f"LOT-{number}")
        first = await scanner.next_scan(within=SOON)
        assert (first, scanner.dropped) == (Scan("LOT-10", "", "scanner"), 10)

    at_bench(script)


def test_identity_is_what_the_site_states() -> None:
    """A scanner that only sends reads can't be asked."""

    async def main(clock: SimulatedClock) -> None:
        plant = Plant(clock, PlantLog(None), Faults())
        built = FACTORY.build(Link(plant.connect("s")), {"maker": "Zebra", "serial": "S1"}, control=False)
        assert isinstance(built, SerialScanner)
        assert (await built.identify()).serial == "S1"

    run_simulated(main, start=START)


def test_a_hand_can_only_scan() -> None:
    """The fake names what it knows."""
    with pytest.raises(FailedError, match="knows scan"):
        FakeSerialScanner().hand("drop", {}, START)
