"""The label printer's driver over the wire-level fake in simulated time."""

import asyncio
import hashlib
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from automation.engine.handles import Container
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.effect import Call, Unknown
from automation.kernel.errors import FailedError, InputError, RefusedError, UnknownError
from automation.kernel.quantity import Instant, Seconds
from fakes.faults import Fault, FaultKind, Faults
from fakes.plant import Plant, PlantLog
from fakes.zpl_printer import FakeZplPrinter
from instruments.drivers.zpl_printer.driver import FACTORY, ZplPrinter, build
from instruments.drivers.zpl_printer.templates import Stock, draw
from instruments.drivers.zpl_printer.wire import zpl
from instruments.interfaces.label_printer import Label, Printed
from instruments.transport import Link, MemoryStream

START = Instant(1_780_000_000.0)
LABEL = Label("L-0001", "=A99992612345600", ("Product CAR-T", "Donor D-17"), marks=("SIMULATED",))
BAG = Container("bag")
PRINT = Call("printer", "print", {})

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


@pytest.mark.parametrize(
    ("hand", "details", "named"),
    [
        ("head", {"open": True}, "head open"),
        ("paper", {"left": 0}, "paper out"),
        ("ribbon", {"left": 0}, "ribbon out"),
        ("pause", {}, "paused"),
        ("jam", {}, "paper out"),
    ],
)
@pytest.mark.parametrize("mute", [False, True], ids=["tells its faults", "is silent in a fault"])
def test_a_printer_that_is_not_ready_gets_no_label(
    hand: str,
    details: dict[str, object],
    named: str,
    mute: bool,  # noqa: FBT001  a case of the table
) -> None:
    """The refusal names the fault, or the silence that some printers have for one."""

    async def script(desk: Desk) -> None:
        desk.hand(hand, **details)
        expected = "do not answer" if mute and named != "paused" else named
        with pytest.raises(RefusedError, match=f"nothing was sent.*{expected}"):
            await desk.print()
        desk.hand("clear")
        desk.hand("head", open=False)
        desk.hand("paper", left=10)
        desk.hand("ribbon", left=10)
        desk.hand("pause", on=False)
        await desk.clock.sleep(Seconds(10.0))
        assert desk.fake.printed == []

    at_desk(script, mute=mute)


@pytest.mark.parametrize(
    ("hand", "details"),
    [("head", {"open": True}), ("paper", {"left": 0}), ("ribbon", {"left": 0}), ("jam", {}), ("pause", {})],
)
@pytest.mark.parametrize("mute", [False, True], ids=["tells its faults", "is silent in a fault"])
def test_a_fault_after_sending_leaves_the_label_in_doubt(
    hand: str,
    details: dict[str, object],
    mute: bool,  # noqa: FBT001  a case of the table
) -> None:
    """It may come out once the fault is removed, so it is neither called printed nor sent again."""

    async def script(desk: Desk) -> None:
        asyncio.get_running_loop().call_later(0.3, lambda: desk.hand(hand, **details))
        with pytest.raises(UnknownError, match="L-0001 was sent and may or may not have come out, now or later"):
            await desk.print()
        found = await desk.driver.reconcile(PRINT)
        assert isinstance(found, Unknown)
        assert desk.fake.acts["print"] <= 1

    at_desk(script, mute=mute)


def test_a_label_that_waited_for_paper_comes_out_once() -> None:
    """That is why a person looks before a label is printed again."""

    async def script(desk: Desk) -> None:
        asyncio.get_running_loop().call_later(0.3, lambda: desk.hand("paper", left=0))
        with pytest.raises(UnknownError, match="paper out; 0 waiting, 1 to come"):
            await desk.print()
        desk.hand("paper", left=100)
        await desk.clock.sleep(Seconds(5.0))
        assert [label.id for label in desk.fake.printed] == [LABEL.id]

    at_desk(script)


@pytest.mark.parametrize("kind", [FaultKind.LOSE_REPLY, FaultKind.GARBLE_REPLY, FaultKind.CUT_REPLY, FaultKind.NOISE])
def test_an_unreadable_status_before_sending_refuses(kind: FaultKind) -> None:
    """Nothing was sent, so nothing is in doubt."""

    async def script(desk: Desk) -> None:
        with pytest.raises(RefusedError, match="nothing was sent"):
            await desk.print()
        assert desk.fake.acts["print"] == 0

    at_desk(script, Fault("printer", 1, kind))


@pytest.mark.parametrize("kind", [FaultKind.GARBLE_REPLY, FaultKind.NOISE])
def test_one_unreadable_status_after_sending_is_asked_again(kind: FaultKind) -> None:
    """A status is only read; the label is printed once."""

    async def script(desk: Desk) -> None:
        await desk.print()
        assert desk.fake.acts["print"] == 1

    at_desk(script, Fault("printer", 3, kind))


@pytest.mark.parametrize("kind", [FaultKind.LOSE_REPLY, FaultKind.CUT_REPLY, FaultKind.LOSE_LINK])
def test_silence_after_sending_is_doubt_although_the_label_comes_out(kind: FaultKind) -> None:
    """A printer that was switched off and on would have an empty queue too."""

    async def script(desk: Desk) -> None:
        with pytest.raises(UnknownError, match=r"fell silent.*proves nothing"):
            await desk.print()
        await desk.clock.sleep(Seconds(5.0))
        assert desk.fake.at(desk.clock.now()).idle
        assert desk.fake.acts["print"] == 1

    at_desk(script, Fault("printer", 3, kind))


def test_replies_that_stay_unreadable_are_doubt() -> None:
    """Three in a row are enough."""

    async def script(desk: Desk) -> None:
        with pytest.raises(UnknownError, match="can't be read"):
            await desk.print()

    at_desk(script, *(Fault("printer", act, FaultKind.GARBLE_REPLY) for act in (3, 4, 5)))


def test_a_printer_that_falls_silent_after_sending_leaves_doubt() -> None:
    """The cable, or its power."""

    async def script(desk: Desk) -> None:
        asyncio.get_running_loop().call_later(0.3, lambda: desk.hand("power", on=False))
        with pytest.raises(UnknownError, match="fell silent"):
            await desk.print()
        found = await desk.driver.reconcile(PRINT)
        assert isinstance(found, Unknown)
        assert "printer: it does not say how it is" in found.why

    at_desk(script)


def test_a_format_that_never_arrived_is_taken_for_printed_only_by_its_queue() -> None:
    """A printer acknowledges nothing: this is why each label is scanned before it counts."""

    async def script(desk: Desk) -> None:
        assert (await desk.print()).label == LABEL.id
        assert desk.fake.printed == []

    at_desk(script, Fault("printer", 2, FaultKind.LOSE_COMMAND))


@pytest.mark.parametrize("off", [0.3, 1.1])
def test_power_lost_while_a_label_is_printed_forgets_it(off: float) -> None:
    """Switched on again it is empty: a queue that is empty after a silence proves nothing."""

    async def script(desk: Desk) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(off, lambda: desk.hand("power", on=False))
        loop.call_later(off + 0.4, lambda: desk.hand("power", on=True))
        with pytest.raises(UnknownError):
            await desk.print()
        assert desk.fake.acts["print"] == 0

    at_desk(script)


def test_power_lost_before_and_after_a_label_does_no_harm() -> None:
    """Before: nothing is sent. After: the label lies there."""

    async def script(desk: Desk) -> None:
        desk.hand("power", on=False)
        with pytest.raises(RefusedError, match="nothing was sent"):
            await desk.print()
        desk.hand("power", on=True)
        await desk.clock.sleep(Seconds(15.0))
        await desk.print()
        desk.hand("power", on=False)
        assert [label.id for label in desk.fake.printed] == [LABEL.id]

    at_desk(script)


def test_a_printer_that_has_something_waiting_gets_no_label() -> None:
    """Another program prints on it."""

    async def script(desk: Desk) -> None:
        stream = desk.link.stream
        stream.write(b"^XA^FO1,1^A0N,20,20^FH^FDstrange^FS^PQ3^XZ")
        with pytest.raises(RefusedError, match="0 waiting, 3 to come"):
            await desk.print()

    at_desk(script)


def test_a_read_only_driver_tells_its_state_and_refuses_to_print() -> None:
    """Nothing that prints reaches it."""

    async def script(desk: Desk) -> None:
        assert (await desk.driver.status()).idle
        with pytest.raises(RefusedError, match="read-only"):
            await desk.print()
        assert desk.fake.acts["print"] == 0

    at_desk(script, control=False)


def test_a_printer_with_another_printhead_than_stated_is_not_the_one() -> None:
    """Everything on the label would have another size."""

    async def script(desk: Desk) -> None:
        assert (await desk.driver.identify()).firmware == "V84.20.18Z"
        desk.fake.identification = "ZD421-300dpi,V93.21.26Z,12,8176KB"
        with pytest.raises(FailedError, match="12 dots/mm; the site states 8"):
            await desk.driver.identify()

    at_desk(script)


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"dots": "7"}, "6, 8, 12, 24"), ({"width": "wide"}, "from 1 to 300"), ({"height": "0"}, "from 1 to 300")],
)
def test_a_size_that_is_none_is_refused(settings: dict[str, str], named: str) -> None:
    """The message says what is allowed."""
    with pytest.raises(InputError, match=named):
        build(Link(MemoryStream()), settings, control=True)


def test_identity_carries_what_the_site_states_of_the_plate() -> None:
    """A printer tells neither its maker nor its serial number."""
    assert {"maker", "plate_serial", "width", "height", "dots"} == set(FACTORY.settings)


@pytest.mark.requirement("F058", refuses=True)
@pytest.mark.parametrize(
    ("label", "named"),
    [
        (replace(LABEL, template="vial"), "known: container 1"),
        (replace(LABEL, template_version="2"), "known: container 1"),
        (replace(LABEL, code=""), "printable ASCII"),
        (replace(LABEL, code="\N{LATIN SMALL LETTER A WITH DIAERESIS}"), "printable ASCII"),
        (replace(LABEL, code="x9-" * 60), "mm wide"),
        (replace(LABEL, lines=("x" * 40,)), "at most"),
        (replace(LABEL, lines=("x",) * 9), "mm high"),
        (replace(LABEL, lines=("a\nb",)), "control characters"),
    ],
    ids=("template", "version", "no code", "no ASCII", "wide", "long", "high", "control"),
)
def test_a_label_that_can_not_be_drawn_is_refused_before_anything_is_sent(label: Label, named: str) -> None:
    """Nothing is cut off, and no template is guessed."""
    with pytest.raises(RefusedError, match=named):
        draw(label, Stock(50.0, 25.0))


def test_a_full_label_of_a_bag_fits_on_the_usual_stock() -> None:
    """Six lines, the longest statement and both marks, each in full."""
    lines = tuple(f"line {number} of a label as long as they get" for number in range(6))
    marks = ("FOR USE BY INTENDED RECIPIENT ONLY", "RECORD COPY", "SIMULATED")
    format_ = draw(Label("B-2026-0001/DOSE-01-002", "CONTAINER:B-2026-0001/DOSE-01", lines, marks=marks), Stock())
    drawn = zpl.read(format_.decode())
    assert [field.text for field in drawn.texts] == [*lines, *marks, "B-2026-0001/DOSE-01-002"]
    assert all(field.x + field.width * len(field.text) <= 800 for field in drawn.texts)
    assert all(lower.y >= upper.y + upper.height for upper, lower in itertools.pairwise(drawn.texts))
    assert drawn.texts[-1].y + drawn.texts[-1].height <= 400
