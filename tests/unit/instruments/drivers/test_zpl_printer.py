"""The label printer's driver over the wire-level fake in simulated time."""

import hashlib
from collections.abc import Awaitable, Callable

import pytest

from automation.engine.handles import Container
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.effect import Call, Unknown
from automation.kernel.errors import FailedError, InputError, LinkError, RefusedError, UnknownError, WireError
from automation.kernel.quantity import Instant, Seconds
from fakes.faults import Fault, FaultKind, Faults
from fakes.plant import Plant, PlantLog
from fakes.zpl_printer import FakeZplPrinter
from instruments.drivers.zpl_printer.driver import FACTORY, ZplPrinter, build
from instruments.drivers.zpl_printer.templates import Stock
from instruments.interfaces.label_printer import Label, Printed
from instruments.transport import Link

START = Instant(1_780_000_000.0)
LABEL = Label("L-0001", "=A99992612345600", ("Product CAR-T", "Donor D-17"), marks=("SIMULATED",))
BAG = Container("bag")

pytestmark = pytest.mark.requirement("C06", "F058")


class Desk:
    """A printer with its driver, its fake and the clock."""

    def __init__(self, clock: SimulatedClock, faults: tuple[Fault, ...], *, control: bool, mute: bool) -> None:
        """Cable them."""
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(faults))
        self.fake = FakeZplPrinter(mute=mute)
        self.plant.add("printer", self.fake)
        self.link = Link(self.plant.connect("printer"), name="printer")
        self.driver = ZplPrinter(self.link, Stock(), control=control)

    async def print(self) -> Printed:
        """Print the label."""
        return await self.driver.print(label=LABEL, container=BAG)

    def hand(self, action: str, **details: object) -> None:
        """Let a hand act."""
        self.plant.hand("printer", action, **details)


def at_desk(
    script: Callable[[Desk], Awaitable[None]], *faults: Fault, control: bool = True, mute: bool = False
) -> None:
    """Run a script at a desk in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        desk = Desk(clock, faults, control=control, mute=mute)
        await desk.link.open()
        await script(desk)

    run_simulated(main, start=START)


def test_a_label_is_printed_when_it_has_left_the_queue() -> None:
    """It lies there with its code, its number and its mark, and the bytes sent are its specimen."""

    async def script(desk: Desk) -> None:
        printed = await desk.print()
        (label,) = desk.fake.printed
        assert (label.id, label.code) == (LABEL.id, LABEL.code)
        assert label.lines == (*LABEL.lines, *LABEL.marks, LABEL.id)
        assert printed == Printed(LABEL.id, hashlib.sha256(label.data).hexdigest(), label.data.decode())

    at_desk(script)
